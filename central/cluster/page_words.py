"""The words of shops' pages themselves, and their translations as staff write them: published to every edge.

Which texts there are is read from the translations that are shipped, so an installed node needs no tools for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from gettext import c2py
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.plurals import get_plural
from babel.messages.pofile import PoFileError, read_po, write_po
from django.utils.translation import gettext as _

from central.cluster.errors import BadField
from central.cluster.locales import is_language
from central.cluster.models import PageWord, PageWords
from node.acting import named
from node.realms import CLUSTER, atomic
from sync.contracts.documents import WordsDoc
from sync.outbox import record_state

#: between the context of a text and the text, as gettext has it
CONTEXT = "\x04"
MAX_FORM = 2_000
_ROOT = Path(__file__).resolve().parents[2]
_PERCENT = re.compile(r"%\((\w+)\)[a-z]|%%")


@dataclass(frozen=True)
class Text:
    """A text of shops' pages. `key`: as `WordsDoc` has it; `plural` "": it has one form; `russian`: as shipped."""

    key: str
    english: str
    plural: str
    russian: tuple[str, ...]

    @property
    def context(self) -> str:
        return self.key.partition(CONTEXT)[0] if CONTEXT in self.key else ""


@cache
def page_texts() -> dict[str, Text]:
    """All texts of shops' pages by key, in the order of the files they are shipped in."""
    found: dict[str, Text] = {}
    for path in sorted([*_ROOT.glob("sites/locale/ru/*/*.po"), *_ROOT.glob("edge/*/locale/ru/*/*.po")]):
        with path.open("rb") as file:
            for message in read_po(file, locale="ru"):
                if message.id:
                    text = _text(message)
                    found.setdefault(text.key, text)
    return found


def _text(message: Message) -> Text:
    english, plural = message.id if isinstance(message.id, (list, tuple)) else (message.id, "")
    russian = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    return Text(_key(message.context, english), english, plural, tuple(str(form) for form in russian))


def _key(context: str | None, english: str) -> str:
    return f"{context}{CONTEXT}{english}" if context else english


def plural_of(language: str) -> tuple[int, str]:
    """How many forms a language has, and the rule that chooses one, as after "plural=" in a PO file."""
    rule = get_plural(Locale.parse(language, sep="-"))
    return rule.num_plurals, rule.plural_expr


def samples_of(language: str) -> list[str]:
    """For each form a few numbers that take it: "1, 21, 31"."""
    count, rule = plural_of(language)
    choose = c2py(rule)
    samples: list[list[str]] = [[] for _form in range(count)]
    for number in range(1_000):
        if len(samples[choose(number)]) < 3:
            samples[choose(number)].append(str(number))
    return [", ".join(numbers) for numbers in samples]


def own_words(language: str) -> dict[str, list[str]]:
    """What staff have written in a language."""
    return dict(PageWord.objects.filter(words=language).values_list("key", "forms"))


def is_said(text: Text, language: str, own: Mapping[str, Sequence[str]]) -> bool:
    return text.key in own or language == "en" or language.partition("-")[0] == "ru"


# --- writing -------------------------------------------------------------------------------------------------------


def set_page_words(language: str, words: Mapping[str, Sequence[str]], *, by: str) -> int:
    """Write translations: key -> forms, none or all "" takes one back. Returns how many have changed.

    Raises `BadField`: all of them are kept or none.
    """
    if not is_language(language):
        raise BadField({"language": _("is no language: write its tag, such as en, ar or pt-br")})
    wanted = {key: [" ".join(form.split()) for form in forms] for key, forms in words.items()}
    for key, forms in wanted.items():
        if wrong := why_not(language, key, forms):
            raise BadField({"words": f"{key.rpartition(CONTEXT)[2][:60]}: {wrong}"})
    with named(by), atomic(CLUSTER):
        page, _made = PageWords.objects.select_for_update().get_or_create(pk=language, defaults={"ver": 0})
        rows = {row.key: row for row in page.rows.filter(key__in=wanted)}
        changed = 0
        for key, forms in wanted.items():
            row = rows.get(key)
            if (row.forms if row else []) == (forms if any(forms) else []):
                continue
            changed += 1
            if not any(forms):
                rows[key].delete()
            elif row:
                row.forms = forms
                row.save(update_fields=["forms"])
            else:
                PageWord.objects.create(words=page, key=key, forms=forms)
        if changed:
            page.ver += 1
            page.save()
            record_state("words:all", language, page.ver, realm=CLUSTER)
    return changed


def why_not(language: str, key: str, forms: Sequence[str]) -> str:
    """Why a translation cannot be kept, in words; "" when it can."""
    text = page_texts().get(key)
    if text is None:
        return _("shops have no such text")
    if not any(forms):
        return ""
    count = plural_of(language)[0] if text.plural else 1
    if len(forms) != count or not all(forms):
        return _("write all %(count)s forms, or none") % {"count": count}
    return next((wrong for form in forms if (wrong := _wrong_form(text, form))), "")


def _wrong_form(text: Text, form: str) -> str:
    if len(form) > MAX_FORM:
        return _("it is too long")
    known, said = (_names(text.english) or set()) | (_names(text.plural) or set()), _names(form)
    if said is None:
        return _("a sign % or a brace stands alone in it")
    if invented := said - known:
        return _("%(name)s is not in the original") % {"name": min(invented)}
    # "One product" needs no number; every other name has to be there.
    if not text.plural and (missing := known - said):
        return _("%(name)s of the original is missing") % {"name": min(missing)}
    # Templates put texts into markup and into attributes as they are.
    if found := next((sign for sign in '<>"' if sign in form and sign not in text.english), ""):
        return _("the sign %(sign)s may not be in it") % {"sign": found}
    return ""


def _names(text: str) -> set[str] | None:
    """The placeholders of a text, as they stand in it; None when it cannot be filled in."""
    percents = {match.group(0) for match in _PERCENT.finditer(text) if match.group(1)}
    if percents:
        rest = _PERCENT.sub("", text)
        return None if "%" in rest else percents
    try:
        braces = {f"{{{name}}}" for _literal, name, _spec, _conversion in Formatter().parse(text) if name is not None}
    except ValueError:
        return None
    return braces


# --- files ---------------------------------------------------------------------------------------------------------


def to_po(language: str) -> bytes:
    """All texts with the translations staff have written, as a PO file."""
    catalog = Catalog(locale=Locale.parse(language, sep="-"), project="Rialto", fuzzy=False)
    own, count = own_words(language), plural_of(language)[0]
    for text in page_texts().values():
        forms = own.get(text.key, [])
        if text.plural:
            catalog.add((text.english, text.plural), tuple(forms or [""] * count), context=text.context or None)
        else:
            catalog.add(text.english, forms[0] if forms else "", context=text.context or None)
    made = BytesIO()
    write_po(made, catalog, width=0)
    return made.getvalue()


def from_po(language: str, data: bytes) -> tuple[dict[str, list[str]], dict[str, str]]:
    """What a PO file says: key -> forms that can be kept, and text -> why another cannot. Raises `BadField`."""
    try:
        catalog = read_po(BytesIO(data), locale=Locale.parse(language, sep="-"), abort_invalid=True)
    except (PoFileError, ValueError, LookupError) as error:
        raise BadField({"file": _("This is no PO file.")}) from error
    words: dict[str, list[str]] = {}
    wrong: dict[str, str] = {}
    for message in catalog:
        if not message.id or message.fuzzy:
            continue
        text = _text(message)
        forms = list(text.russian)
        if not any(forms):
            continue  # what a file leaves empty stays as it is
        if why := why_not(language, text.key, forms):
            wrong[text.english] = why
        else:
            words[text.key] = forms
    return words, wrong


def words_doc(page: PageWords) -> WordsDoc:
    words = {row.key: row.forms for row in sorted(page.rows.all(), key=lambda row: row.key)}
    return WordsDoc(language=page.pk, words=words, plural=plural_of(page.pk)[1])
