"""`rialto import` by a source: what the screens do, in the caller's process and with his terminal."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from central.catalog.actions import shop
from central.catalog.errors import ImportRefused
from central.catalog.importing import runs
from central.catalog.importing.archives import is_archive, is_workbook
from central.catalog.importing.commerceml import is_commerceml
from central.catalog.importing.models import ImportRun, ImportSource
from central.catalog.importing.run import Counts
from central.catalog.importing.sources import make_source
from central.catalog.importing.unroll import is_xml
from node.errors import WrongUse


def needs_source(file: Path) -> bool:
    """Whether a file is one of an exchange: its ids mean something only within a source."""
    if not file.is_file() or not file.stat().st_size:
        return False
    if is_archive(file):
        return not is_workbook(file)
    return is_xml(file) and is_commerceml(file)


def import_by_source(
    files: Sequence[Path], site: str, title: str, *, is_dry: bool, tell: Callable[[str], None]
) -> Counts:
    """Bring files in by the source called `title`, which is made for the site when there is none.

    Raises `UnknownSite`, `WrongUse` and `ImportRefused`; a file that cannot be read changes nothing.
    """
    shop(site)
    source = ImportSource.objects.filter(title=title).first()
    source = source or make_source(title, [site], by="import")
    if site not in source.sites:
        raise WrongUse(f"the source '{title}' is of the sites {', '.join(source.sites)}, not of '{site}'")
    with tempfile.TemporaryDirectory(prefix="rialto-import-") as scratch:
        file = files[0] if len(files) == 1 else _together(files, Path(scratch) / "exchange.zip")
        with file.open("rb") as data:
            run = runs.take_file(source, file.name, iter(lambda: data.read(1 << 20), b""), by="import")
        runs.do_here(run.pk, ImportRun.State.CHECKING if is_dry else ImportRun.State.RUNNING)
    run.refresh_from_db()
    for line in run.told:
        tell(line)
    if run.state == ImportRun.State.FAILED:
        raise ImportRefused(run.error)
    for refused in islice(runs.refused_lines(run, is_dry=is_dry), 5):
        tell(f"refused: line {refused['line']}: {refused['why']}")
    if is_dry:
        tell("dry run: nothing was changed")
    names = ("read", "created", "updated", "unchanged", "refused")
    counts = Counts(**{name: run.counts.get(name, 0) for name in names})
    counts.unchanged += run.counts.get("kept", 0)
    return counts


def _together(files: Sequence[Path], target: Path) -> Path:
    """Files of one exchange need one another, also in a dry run."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as pack:
        for file in files:
            if not file.is_file():
                raise WrongUse(f"there is no file {file}")
            pack.write(file, file.name)
    return target
