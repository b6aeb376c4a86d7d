"""What actions on pages refuse."""

from __future__ import annotations

from node.errors import RialtoError


class RulesLocked(RialtoError):
    """A site above says how the pages of this one lie as files."""

    code = "page_rules_locked"
    status = 409

    def __init__(self, site: str, by: str) -> None:
        super().__init__(f"the page rules of '{site}' are locked by '{by}'", site=site, by=by)


class NoNode(RialtoError):
    """No node serves the site, so it has no pages."""

    code = "site_without_node"
    status = 409


class UnknownLink(RialtoError):
    """The link leads somewhere again, or was never among those the person may see."""

    code = "unknown_link"
    status = 404
