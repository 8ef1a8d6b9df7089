"""Django's admin, as an application behind the server: `prepare`, then `serve SOCKET`.

It works in the current folder: the database, the static files as they are (`collected`), and the
names that hardtack gave them (`static/staticfiles.json`).
"""

import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["localhost"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}},
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="for a test",
    STATIC_ROOT="collected" if sys.argv[1] == "prepare" else "static",
    STATIC_URL="/static/",
    STORAGES={
        "staticfiles": {
            "BACKEND": "django.contrib.staticfiles.storage."
            + ("StaticFilesStorage" if sys.argv[1] == "prepare" else "ManifestStaticFilesStorage")
        }
    },
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
)
django.setup()

from django.contrib import admin  # noqa: E402

urlpatterns = [path("admin/", admin.site.urls)]

if sys.argv[1] == "prepare":
    from django.contrib.auth.models import User

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    User.objects.create_superuser("cook", password="biscuit")
else:
    import waitress

    waitress.serve(get_wsgi_application(), unix_socket=sys.argv[2])
