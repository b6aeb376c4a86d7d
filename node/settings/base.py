"""What every role shares. A role's module adds its apps, databases and middleware."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

DEBUG = False
ALLOWED_HOSTS = ["*"]  # a host that no site claims gets our own 404; see edge.replica and central.urls
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASE_ROUTERS = ["node.realms.RealmRouter"]
STATIC_URL = "/static/"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
# An order and a hop are POSTs of a few KB; the cart's own limit is smaller still.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000


def logging_to_stderr(level: str) -> dict[str, object]:
    """One line per record on stderr; the supervisor adds the process's name."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "{levelname} {name}: {message}", "style": "{"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            # Each says a line per request or frame at INFO.
            "httpx": {"level": "WARNING"},
            "websockets": {"level": "WARNING"},
            "daphne": {"level": "WARNING"},
            "django.channels.server": {"level": "WARNING"},
            "uvicorn.access": {"level": "WARNING"},
        },
    }
