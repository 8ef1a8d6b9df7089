from django.contrib import admin
from django.urls import path

from . import views

urlpatterns = [
    path("", views.Recipes.as_view(), name="recipes"),
    path("recipes/<int:pk>/page", views.page, name="page"),
    path("watch/", views.Watch.as_view(), name="watch"),
    path("watch/bells", views.bells, name="bells"),
    path("admin/", admin.site.urls),
]
