"""What a demo shows of search: synonyms, and a month of what was searched for."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone

from central.search.actions import add_searches, add_synonyms
from node.realms import CATALOG, atomic

SYNONYMS: Final = [
    ("tea", "ru", "чайник, заварник, kettle"),
    ("tea", "ru", "тимьян, чабрец"),
    ("tea", "ru", "подарок, набор, коробка"),
    ("clay", "ru", "кружка, чашка, mug"),
    ("clay", "ru", "салатник, миска, пиала"),
    ("ink", "en", "notebook, journal, diary"),
    ("ink", "en", "fountain pen, ink pen"),
]
#: site, language, words, times, in vain, days ago
SEARCHED: Final = [
    ("tea", "ru", "чай", 214, 0, 0),
    ("tea", "ru", "пуэр", 96, 0, 0),
    ("tea", "ru", "чабрец", 71, 0, 1),
    ("tea", "ru", "ройбуш", 44, 44, 0),
    ("tea", "ru", "чайник стеклянный", 27, 19, 2),
    ("tea", "ru", "матча", 25, 25, 1),
    ("tea", "ru", "улун", 58, 0, 0),
    ("tea", "ru", "подарочный набор", 33, 2, 0),
    ("tea", "ru", "самовар", 9, 9, 5),
    ("clay", "ru", "кружка", 131, 0, 0),
    ("clay", "ru", "ваза", 64, 0, 0),
    ("clay", "ru", "тарелка", 52, 0, 1),
    ("clay", "ru", "подсвечник", 31, 31, 0),
    ("clay", "ru", "гайвань", 22, 0, 3),
    ("clay", "ru", "горшок для цветов", 18, 11, 1),
    ("ink", "en", "fountain pen", 143, 0, 0),
    ("ink", "en", "notebook a5", 88, 3, 0),
    ("ink", "en", "ink", 79, 0, 0),
    ("ink", "en", "converter", 41, 41, 0),
    ("ink", "en", "left handed", 17, 17, 2),
    ("ink", "en", "blotter", 12, 12, 4),
]


def seed_search(by: str) -> None:
    for site, language, words in SYNONYMS:
        add_synonyms(site, language, words, by=by)
    today = timezone.now().date()
    with atomic(CATALOG):
        for site, language, words, times, in_vain, days in SEARCHED:
            add_searches(site, language, words, today - timedelta(days=days), times, in_vain)
