"""What the launcher lets the new environment do: compile translations, make the database templates."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from node.places import ROOT


def stale_translations() -> list[Path]:
    """The .po files of the house without an up-to-date .mo beside them."""
    found = []
    for folder in ("node", "infra", "sync", "sites", "central", "edge"):
        found += [po for po in (ROOT / folder).rglob("locale/*/LC_MESSAGES/*.po") if _is_stale(po)]
    return sorted(found)


def _is_stale(po: Path) -> bool:
    mo = po.with_suffix(".mo")
    return not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime


def compile_translations(files: list[Path]) -> None:
    """Write a .mo beside each .po, whole or not at all."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for po in files:
        with po.open("rb") as source:
            catalogue = read_po(source, locale=po.parts[-3])
        fresh = po.with_suffix(".mo.new")
        with fresh.open("wb") as target:
            write_mo(target, catalogue)
        fresh.replace(po.with_suffix(".mo"))


def main(wanted: list[str]) -> int:
    if "translations" in wanted:
        files = stale_translations()
        tell(f"  compiling {len(files)} translations")
        try:
            compile_translations(files)
        except OSError as error:
            tell(f"  translations left out ({error.strerror} {error.filename}): texts will be English")
    if "templates" in wanted:
        _make_templates()
    return 0


def _make_templates() -> None:
    from node import templates
    from node.errors import RialtoError

    started = time.monotonic()
    tell("  preparing the databases of a fresh node (once per version)")
    try:
        templates.build()
    except (RialtoError, OSError) as error:
        # A fresh node then migrates by itself, which takes longer and works as well.
        tell(f"  not prepared, a fresh node will take longer: {error}")
    else:
        tell(f"  prepared in {time.monotonic() - started:.0f} s")


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
