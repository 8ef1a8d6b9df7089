"""Settings of a Django project behind Hardtack. `./run` sets the variables that are read here."""

import os
from pathlib import Path
from urllib.parse import urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"  # all files that are made at run time

DEBUG = os.environ.get("DJANGO_DEBUG") == "1"
SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]

# The address in the browser, such as https://galley.example.
SITE_ORIGIN = os.environ["SITE_ORIGIN"]

# Hardtack passes on the Host of the client, whatever it is. The CDN's host is not in this list: only
# static files are to be had there, and those never reach Django.
ALLOWED_HOSTS = [urlsplit(SITE_ORIGIN).hostname]

# Hardtack sets X-Forwarded-Proto itself, and replaces a client's. So Django may believe it, as long as
# nobody but Hardtack can connect to Django: see `bind` in gunicorn.conf.py.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Django compares the origin of a form with the Host and the scheme above. They differ if a load
# balancer in front of Hardtack ends TLS and is not listed in --forwarded-from.
CSRF_TRUSTED_ORIGINS = [SITE_ORIGIN]

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_ORIGIN.startswith("https://")

# On the CDN's host in production, such as https://cdn.example, and on the site's own without one.
# `hardtack pack` reads the same variable.
STATIC_URL = os.environ.get("HARDTACK_STATIC_HOST", "") + "/static/"
STATIC_ROOT = VAR / "static"
RELEASE = VAR / "release"  # what was baked from STATIC_ROOT, and the list of its names
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "galley.storage.BakedStaticFilesStorage"},
}

# Uploads are no part of a release. Views hand them out here; a larger site has a bucket for them.
MEDIA_ROOT = VAR / "uploads"

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": VAR / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
ROOT_URLCONF = "galley.urls"

INSTALLED_APPS = [
    "galley",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
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
]
