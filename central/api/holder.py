"""Who a key is to the rest of central: somebody with rights and sites, as a member of staff is."""

from __future__ import annotations

from dataclasses import dataclass

from central.accounts.scope import ALL, Visible
from central.api.models import ApiKey


@dataclass(frozen=True)
class Holder:
    """Goes wherever an action or a query asks for a user."""

    key: ApiKey
    is_authenticated: bool = True
    is_active: bool = True
    pk: None = None

    @property
    def username(self) -> str:
        """What histories say did it."""
        return f"key:{self.key.prefix}"

    def has_perm(self, permission: str) -> bool:
        return permission.removeprefix("accounts.") in self.key.rights

    def says_sites(self) -> Visible:
        return ALL if self.key.sees_all_sites else self.key.site_ids
