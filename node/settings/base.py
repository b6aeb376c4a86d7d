"""What every role shares. A role's module adds its apps, databases and middleware."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SECRET_KEY = os.environ.get("RIALTO_SECRET_KEY", "only-for-tests-and-tools")
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASE_ROUTERS = ["node.realms.RealmRouter"]
STATIC_URL = "/static/"
