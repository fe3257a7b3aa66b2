"""Settings of the example site, all of them from the environment.

Nothing set: SQLite beside this folder, the ORM broker, and the sandbox gateway, which
sends nothing.
"""

import os
from pathlib import Path

from config.database import database


BASE_DIR = Path(__file__).resolve().parent.parent

# Fixed, so that the web server and the cluster read each other's tasks. Not for a
# site that the world can reach.
SECRET_KEY = os.environ.get("SECRET_KEY", "for-your-own-machine-only-" + "x" * 30)
DEBUG = os.environ.get("DEBUG", "1") == "1"
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")

INSTALLED_APPS = [
    "restaurant",
    "wagtail_sms_automation",
    "wagtail_modeladmin",
    "django_q",
    "wagtail.contrib.settings",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_filters",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
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

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "restaurant.context_processors.site",
            ]
        },
    }
]

DATABASES = {
    "default": database(os.environ.get("DATABASE_URL", ""), BASE_DIR / "db.sqlite3")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français"), ("nl", "Nederlands")]
WAGTAILADMIN_PERMITTED_LANGUAGES = LANGUAGES
TIME_ZONE = "Europe/Paris"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static_root"
MEDIA_URL = "/media/"
MEDIA_ROOT = BASE_DIR / "media"

SMS_WEBHOOK_BASE_URL = os.environ.get("SMS_WEBHOOK_BASE_URL", "http://127.0.0.1:8000")
WAGTAIL_SITE_NAME = "Chez Léa"
WAGTAILADMIN_BASE_URL = SMS_WEBHOOK_BASE_URL

# E-mails
DEFAULT_FROM_EMAIL = "Chez Léa <site@chezlea.example>"
EMAIL_FILE_PATH = os.environ.get("EMAIL_FILE_PATH") or None
EMAIL_BACKEND = (
    "django.core.mail.backends.filebased.EmailBackend"
    if EMAIL_FILE_PATH
    else "django.core.mail.backends.console.EmailBackend"
)

# Tasks
REDIS_URL = os.environ.get("REDIS_URL", "")
DATABASE_BROKER = {
    "orm": "default",
    "broker_class": "wagtail_sms_automation.orm_broker.PromptORM",
}
Q_CLUSTER = {
    "name": "chez_lea",
    "workers": 2,
    "queue_limit": 4,
    "timeout": 60,
    "retry": 200,
    "max_attempts": 3,
    "ack_failures": True,
    "save_limit": -1,
    "bulk": 1,
    "recycle": 5000,
    "catch_up": False,
    **({"redis": REDIS_URL} if REDIS_URL else DATABASE_BROKER),
}

# SMS
SANDBOX = {"BACKEND": "wagtail_sms_automation.gateways.sandbox.SandboxGateway"}
MESSAGEBIRD = {
    "BACKEND": "wagtail_sms_automation.gateways.messagebird.MessageBirdGateway",
    "OPTIONS": {
        "ACCESS_KEY": os.environ.get("MESSAGEBIRD_ACCESS_KEY", ""),
        "SIGNING_KEYS": [os.environ.get("MESSAGEBIRD_SIGNING_KEY", "")],
        "ENDPOINT": os.environ.get("MESSAGEBIRD_ENDPOINT")
        or "https://rest.messagebird.com/",
    },
}

WAGTAIL_SMS_AUTOMATION = {
    "GATEWAYS": {
        "default": MESSAGEBIRD if MESSAGEBIRD["OPTIONS"]["ACCESS_KEY"] else SANDBOX
    },
    "ORIGINATOR": os.environ.get("SMS_ORIGINATOR", "+33937000037"),
    "DEFAULT_REGION": "FR",
    "WEBHOOK_BASE_URL": SMS_WEBHOOK_BASE_URL,
}

# Who is told of an order. 01 99 00 is set aside for fiction: nobody has such a number.
SMS_FORWARD_MOBILE = os.environ.get("SMS_FORWARD_MOBILE") or "+33199000090"
SMS_FORWARD_EMAIL = os.environ.get("SMS_FORWARD_EMAIL") or "kitchen@chezlea.example"
