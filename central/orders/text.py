"""Text as it is searched: one spelling for what people hold to be equal."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Case, ё and odd spaces away: "  Чай  ЗЕЛЁНЫЙ" -> "чай зеленый"."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return " ".join(plain.split())
