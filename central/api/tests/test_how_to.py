"""The how-to page about the API does what it says: each of its commands is run against a real central."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

import pytest

from central.catalog.models import Listing
from central.cluster import locales
from node.places import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(databases=["default", "catalog", "orders", "customers", "work", "stats"], transaction=True),
    pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl"),
]
PAGE = ROOT / "docs" / "how-to" / "use-the-api.md"


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    joined = "".join(block for block in blocks if "export " not in block).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip()]


def test_every_command_of_the_page_works(central: str, key: str) -> None:
    locales.make_region("msk", title="Moscow", by="test")
    locales.put_site_region("tea", "msk", path="/msk", by="test")
    known = {"DESK": central, "KEY": key, "PRODUCT": str(Listing.objects.get(site="tea").product_id)}
    answers = []
    for command in commands():
        done = subprocess.run(["sh", "-c", command], env={**os.environ, **known}, capture_output=True, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        answers.append(json.loads(done.stdout))

    assert len(answers) == 9
    assert (answers[3]["price"], answers[4]["stock"], answers[7]["total"]) == (42_000, 12, 84_000)
    assert answers[5]["translations"]["en"]["title"] == "Oolong"
    assert answers[6]["regional_prices"] == {"msk": 45_000}
    assert answers[8]["title"] == "Oolong"
