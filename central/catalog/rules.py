"""Rules of what is shown where, as plain values: `sync.contracts.documents.Reach`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from django.utils.translation import gettext as _

from central.cluster.trees import Parents, line_above
from sites.editions import says
from sync.contracts.documents import Reach

#: what is said where no region says anything
ELSEWHERE: Final = ""

How = Literal["all", "only", "but"]


def merged(rules: Sequence[Reach], how: Callable[[Iterable[bool]], bool], parents: Parents) -> Reach:
    """One rule that says everywhere what `how` (`all`, `any`) makes of these.

    Between the regions that are named nothing changes, so what is said at each of them is said everywhere.
    """
    named = {ELSEWHERE, *(region for rule in rules for region in rule)}
    return trimmed({region: how(says(rule, _scopes(region, parents)) for rule in rules) for region in named}, parents)


def trimmed(rule: Reach, parents: Parents) -> Reach:
    """The same without what goes without saying, in the order of ids: rules that say the same are equal."""
    return {region: rule[region] for region in sorted(rule) if rule[region] != says(rule, _scopes(region, parents)[1:])}


def _scopes(region: str, parents: Parents) -> tuple[str, ...]:
    return (region, *line_above(region, parents), ELSEWHERE) if region else (ELSEWHERE,)


def from_choice(how: How, regions: Iterable[str]) -> Reach:
    """A rule: in `all` regions, `only` in these, or in all `but` these."""
    if how == "all":
        return {}
    return {**({ELSEWHERE: False} if how == "only" else {}), **dict.fromkeys(regions, how == "only")}


def reach_of(rule: Reach, shelves: Sequence[Reach], parents: Parents) -> Reach:
    """Where a product is shown: where it is itself and, when it stands on shelves, one of them is."""
    return merged([rule, merged(shelves or [{}], any, parents)], all, parents)


def in_cell(rule: Reach) -> str:
    """As a cell of a table says it: "msk, spb" only there, "-msk" everywhere but there, "" everywhere.

    Exceptions say what holds elsewhere, too: "*, -msk, mytishchi", "msk, -mytishchi"; "-*" is nowhere.
    """
    shown = [region for region in sorted(rule) if region and rule[region]]
    hidden = [f"-{region}" for region in sorted(rule) if region and not rule[region]]
    if rule.get(ELSEWHERE, True):
        return ", ".join([*(["*"] if shown else []), *hidden, *shown])
    return ", ".join([*shown, *hidden] if shown else ["-*", *hidden])


def of_cell(text: str) -> Reach:
    """The rule that such a cell says; "*" and "-" are everywhere. Raises `ValueError` with what is wrong."""
    rule: dict[str, bool] = {}
    for part in re.split(r"[,;]", "*" if text.strip() == "-" else text):
        hidden, name = re.fullmatch(r"\s*(-?)\s*(.*?)\s*", part, re.DOTALL).groups()  # type: ignore[union-attr]
        if not re.fullmatch(r"\*|[a-z0-9][a-z0-9-]*", name):
            raise ValueError(f"'{part.strip()[:40]}' is no region: write ids as in msk, spb or -msk")
        region = ELSEWHERE if name == "*" else name
        if rule.get(region, not hidden) == bool(hidden):
            raise ValueError(f"'{name}' is said twice, and not the same")
        rule[region] = not hidden
    if ELSEWHERE not in rule:
        rule[ELSEWHERE] = not any(rule.values())
    return rule


def in_history(rule: Any) -> str:
    """ "+ msk, − *": as the history of a record writes it; * is where no region says anything."""
    said = dict(rule or {})
    return ", ".join(f"{'+' if said[region] else '−'} {region or '*'}" for region in sorted(said))


def in_words(rule: Reach, titles: Mapping[str, str]) -> str:
    """As one reads it, "" for everywhere. `titles`: region -> title, in the order in which they are named."""
    shown, hidden = (", ".join(_named(rule, titles, said)) for said in (True, False))
    if rule.get(ELSEWHERE, True):
        text = _("everywhere but in %(regions)s") % {"regions": hidden} if hidden else ""
        return _("%(rule)s; shown in %(regions)s") % {"rule": text, "regions": shown} if text and shown else text
    text = _("only in %(regions)s") % {"regions": shown} if shown else _("nowhere")
    return _("%(rule)s; not in %(regions)s") % {"rule": text, "regions": hidden} if hidden else text


def _named(rule: Reach, titles: Mapping[str, str], said: bool) -> list[str]:
    return [title for region, title in titles.items() if rule.get(region) is said]
