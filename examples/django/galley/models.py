from django.db import models


class Recipe(models.Model):
    name = models.CharField(max_length=80)
    page = models.FileField("scanned page", upload_to="recipes/")

    def __str__(self):
        return self.name
