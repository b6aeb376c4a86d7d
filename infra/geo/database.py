"""Reading a MaxMind DB file, and noticing that it was replaced."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import maxminddb

logger = logging.getLogger(__name__)


class PlaceDatabase:
    """`look_up` never raises: without a file, or with a broken one, nobody knows where a visitor is."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._reader: maxminddb.Reader | None = None
        #: of the file that was opened: (time in ns, size)
        self._state: tuple[int, int] | None = None

    def look_up(self, address: str) -> list[str]:
        """Codes of the places an address is in, the smallest first, [] when nobody knows.

        GeoNames ids of the city and its subdivisions, ISO 3166-2 codes ("RU-MOW"), then the country: its ISO 3166-1
        code and its GeoNames id.
        """
        try:
            self._follow()
            found = self._reader.get(address) if self._reader else None
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            logger.warning("the file of places cannot be read: %s", error)
            return []
        return list(_codes(found)) if isinstance(found, dict) else []

    def close(self) -> None:
        reader, self._reader, self._state = self._reader, None, None
        if reader is not None:
            reader.close()

    def _follow(self) -> None:
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            self.close()
            return
        state = (stat.st_mtime_ns, stat.st_size)
        if state != self._state:
            self.close()
            # Read into memory: a file that is replaced under a mapping would end this process
            self._reader = maxminddb.open_database(self._file, maxminddb.MODE_MEMORY)
            self._state = state


def _codes(found: dict[str, Any]) -> Iterator[str]:
    country = _part(found, "country") or _part(found, "registered_country")
    iso = str(country.get("iso_code") or "")
    yield from _id(_part(found, "city"))
    divisions = found.get("subdivisions")
    for each in reversed(divisions if isinstance(divisions, list) else []):
        if isinstance(each, dict):
            yield from _id(each)
            if iso and each.get("iso_code"):
                yield f"{iso}-{each['iso_code']}"
    if iso:
        yield iso
    yield from _id(country)


def _part(found: dict[str, Any], name: str) -> dict[str, Any]:
    part = found.get(name)
    return part if isinstance(part, dict) else {}


def _id(part: dict[str, Any]) -> Iterator[str]:
    if part.get("geoname_id"):
        yield str(part["geoname_id"])


def check_file(file: Path) -> str:
    """What is wrong with a file of places, in a sentence; "" when it can be used."""
    try:
        with maxminddb.open_database(file, maxminddb.MODE_FILE) as reader:
            kind = reader.metadata().database_type
    except FileNotFoundError:
        return f"there is no file {file}"
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        return f"{file} is not a MaxMind DB file: {error}"
    return "" if "City" in kind or "Country" in kind else f"{file} holds '{kind}', not cities or countries"
