# ruff: noqa: E501 - texts
"""Why a pattern or an address is refused, in the reader's language. The reasons themselves are English: `sites` and
the actions say them, and logs read them.
"""

from __future__ import annotations

import re
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

#: a reason -> how people read it; groups of the first are values of the second
_REASONS: Final[tuple[tuple[str, Promise], ...]] = (
    (r"there is no token (?P<token>\S+) here; there are: (?P<known>.+)", _("there is no token %(token)s here; there are: %(known)s")),
    (r"there is no such element; there are: (?P<known>.+)", _("there is no such element; there are: %(known)s")),
    (r"'(?P<sign>.)' at sign (?P<at>\d+) has no .*", _("the sign %(sign)s at place %(at)s has no beginning; write a backslash before it for the sign itself")),
    (r"'(?P<sign>.)' at sign (?P<at>\d+) is never closed.*", _("the sign %(sign)s at place %(at)s is never closed; write a backslash before it for the sign itself")),
    (r"brackets lie in one another more than (?P<most>\d+) deep", _("brackets lie in one another more than %(most)s deep")),
    (r"the brackets at sign (?P<at>\d+) hold no token.*", _("the brackets at place %(at)s hold no token, so nothing can leave them out")),
    (r"after ':' in (?P<token>\S+) stands how many signs at most, from 1 to (?P<most>\d+)", _("after the colon in %(token)s stands how many signs at most, from 1 to %(most)s")),
    (r"(?P<token>\{.*\}) names no token", _("%(token)s names no token")),
    (r"a rule of this kind has no field '(?P<field>.*)'", _("such a rule has no field “%(field)s”")),
    (r"a pattern has at most (?P<most>\d+) signs", _("at most %(most)s signs")),
    (r"this has at most (?P<most>\d+) signs", _("at most %(most)s signs")),
    (r"a verification code has.*", _("a code has letters, digits, dashes and underscores alone: paste the code, not the tag")),
    (r"an address belongs to one page.*", _("an address belongs to one page: set it on the page itself")),
    (r"'(?P<word>.*)' is none of: (?P<known>.+)", _("“%(word)s” is none of: %(known)s")),
    (r"'(?P<word>.*)' has no limit that robots know.*", _("“%(word)s” has no limit that robots know; one is max-image-preview:large")),
    (r"robots know no '(?P<word>.*)'; they know: (?P<known>.+)", _("robots know no “%(word)s”; they know: %(known)s")),
    (r"a day is written as (?P<day>\S+)", _("a day is written as %(day)s")),
    (r"there is no day (?P<day>\S+)", _("there is no day %(day)s")),
    (r"an address begins with / \(of this shop\) or with https://, and has no spaces", _("an address begins with / (of this shop) or with https://, and has no spaces")),
    (r"a part between two '>' is empty", _("a part between two signs > is empty")),
    (r"\{sections\} is a part of its own.*", _("{sections} is a part of its own: {home} > {sections} > …")),
    (r"'(?P<path>.*)' is no path to close.*", _("“%(path)s” is no path to close: it begins with / and has no spaces")),
    (r"at most (?P<most>\d+) lines", _("at most %(most)s lines")),
    (r"'(?P<line>.*)' is no line of robots\.txt; lines begin with: (?P<known>.+)", _("“%(line)s” is no line of robots.txt; lines begin with: %(known)s")),
    (r"the service requires it.*", _("the service requires it, it cannot be left out")),
    (r"takes one of: (?P<known>.+)", _("takes one of: %(known)s")),
    (r"what stands behind #.*", _("what stands behind # never reaches a server: leave it out")),
    (r"an address is written out: there are no wildcards", _("an address is written out: there are no wildcards")),
    (r"an old address is a path that begins with /", _("an old address is a path that begins with /")),
    (r"the home page leads nowhere else", _("the home page leads nowhere else")),
    (r"an old address has at most (?P<most>\d+) signs", _("an old address has at most %(most)s signs")),
    (r"(?P<path>\S+) is the shop's own and leads nowhere else", _("%(path)s is the shop's own and leads nowhere else")),
    (r"an address has no spaces and at most (?P<most>\d+) signs", _("an address has no spaces and at most %(most)s signs")),
    (r"the new address begins with / \(of this shop\) or with https://", _("the new address begins with / (of this shop) or with https://")),
    (r"an old address answers 301 or 308", _("an old address answers 301 or 308")),
    (r"nothing was found for it: say where it leads first", _("nothing was found for it: say where it leads first")),
    (r"a name has up to 39 small letters, digits and dashes", _("a name has up to 39 small letters, digits and dashes")),
    (r"this site has a feed of that name", _("this site has a feed of that name")),
    (r"the highest price is below the lowest", _("the highest price is below the lowest")),
    (r"the shop has no pages in that language and region", _("the shop has no pages in that language and region")),
    (r"this site sells no (?P<skus>.+)", _("this site sells no %(skus)s")),
    (r"the file is larger than (?P<most>\d+) MB", _("the file is larger than %(most)s MB")),
    (r"the first line names the columns.*", _("the first line names the columns; there must be “from” and “to”")),
    (r"a sheet has at most (?P<most>\d+) rows", _("a sheet has at most %(most)s rows")),
    (r"an address begins with http:// or https:// and names a host", _("an address begins with http:// or https:// and names a host")),
    (r"it does not answer", _("it does not answer")),
    (r"no page was found: .*", _("no page was found: it does not answer, or its robots.txt forbids it")),
    (r"its host lies in a private network.*", _("its host lies in a private network; an operator may allow that by fetch_private")),
    (r"there is no such host", _("there is no such host")),
)  # fmt: skip
_READ: Final = [(re.compile(reason, re.S), words) for reason, words in _REASONS]


def in_words(reason: str) -> str:
    """A reason as people read it; one that is not known here is shown as it is."""
    for pattern, words in _READ:
        if found := pattern.fullmatch(reason):
            return str(words) % found.groupdict()
    element, colon, rest = reason.partition(": ")
    if colon and element.replace("_", "").isalnum():
        known = in_words(rest)
        return f"{element}: {known}" if known != rest else reason
    return reason


def sentence(reason: str) -> str:
    """The reason as a sentence of its own."""
    text = in_words(reason)
    return _now("This cannot be: %(why)s.") % {"why": text}
