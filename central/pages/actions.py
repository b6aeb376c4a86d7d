"""What people change of a shop's pages: which addresses have no file. The rules are a setting of the site."""

from __future__ import annotations

import glob
from collections.abc import Callable

from central.cluster.actions import edit_site
from central.cluster.inheritance import locks_on
from central.cluster.models import Site
from central.cluster.queries import site as site_row
from central.pages.errors import RulesLocked


def exclude(site: str, path: str, *, by: str) -> None:
    """The page at `path`, and what lies below it, has no file from now on. Raises `UnknownSite`, `RulesLocked`."""
    pattern = glob.escape(path)
    _set_rules(site, lambda rules: [*(one for one in rules if one != pattern), pattern], by)


def include(site: str, path: str, *, by: str) -> None:
    """Take `exclude` back. Raises `UnknownSite`, `RulesLocked`."""
    patterns = (path, glob.escape(path))
    _set_rules(site, lambda rules: [one for one in rules if one not in patterns], by)


def is_excluded_itself(site: Site, path: str) -> bool:
    """Whether a rule names this very address, and not one above it or its shelf."""
    return bool({path, glob.escape(path)} & set(site.pages.get("excluded", [])))


def _set_rules(site_id: str, change: Callable[[list[str]], list[str]], by: str) -> None:
    row = site_row(site_id)
    locked = locks_on(row, {one.pk: one for one in Site.objects.all()})
    if "pages" in locked:
        raise RulesLocked(site_id, locked["pages"])
    edit_site(site_id, by=by, pages={**row.pages, "excluded": change(list(row.pages.get("excluded", [])))})
