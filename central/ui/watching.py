"""Which tables keep a history, and how it reads.

An app declares it in a module `watched.py`, found by name at start; `central.history` sets the triggers and reads
what they wrote. Change what is watched as you change a table: at the next migrate the triggers follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules


@dataclass(frozen=True)
class Watch:
    """One watched table.

    `fields`: names of the model's fields whose changes are kept. `personal`: those of them of which only the fact of
    the change is kept, never a value. An encrypted column is kept as it is stored: as ciphertext.
    `of`: (model, field) when rows are part of another record, on whose card they are shown; `field` holds its key.
    `site`: the field with the site's id, "" where rows belong to no site. `right`: who may read the changes.
    `is_wide`: rows without a site that tell of sites all the same: only who sees all sites reads them.
    `keeps_new`: whether a new row is a change; not for tables that imports and shoppers fill.
    `titles`: field -> what people call it, of a dictionary its keys too. `words`: field -> what its value reads like.
    `sites`: fields with a site's id, named to who sees the site. `card`: the url name of the record's card, which takes
    its key; `name_of`: what people call the record with a key; `part`: what they call a row of many of its record.
    `also(user, record)`: other records of the realm whose changes belong on the card, as far as the reader sees them.
    """

    model: type[Model]
    title: Promise | str
    right: str
    fields: tuple[str, ...]
    personal: tuple[str, ...] = ()
    of: tuple[type[Model], str] | None = None
    site: str = ""
    is_wide: bool = False
    keeps_new: bool = True
    titles: Mapping[str, Promise | str] = field(default_factory=dict)
    words: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    sites: tuple[str, ...] = ()
    card: str = ""
    name_of: Callable[[str], str] | None = None
    part: Callable[[str], Any] | None = None
    also: Callable[[Any, Any], Iterable[Model]] | None = None

    @property
    def label(self) -> str:
        return kind_of(self.model)

    def column(self, name: str) -> str:
        return str(self.model._meta.get_field(name).column)  # type: ignore[union-attr]


_watches: dict[str, Watch] = {}


def watch(model: type[Model], **options: Any) -> None:
    """Keep a history of a table; the options are the fields of `Watch`."""
    one = Watch(model, **options)
    _watches[one.label] = one


def watches() -> dict[str, Watch]:
    """All of them by `kind_of` their model."""
    autodiscover_modules("watched")
    return _watches


def kind_of(model: type[Model] | Model) -> str:
    """ "orders.order": how history, timelines and cards name a kind of record."""
    return str(model._meta.label_lower)
