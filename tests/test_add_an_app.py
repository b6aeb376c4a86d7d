"""The page that shows how to add an app is put together and walked through, so that it can never rot."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from node.places import ROOT

PAGE = ROOT / "docs" / "how-to" / "add-an-app.md"
_FILE = re.compile(r"^```\w+ title=(\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

_SETTINGS = """
import sys
import central
central.__path__.append({folder!r})
from node.settings.test import *
INSTALLED_APPS = [*INSTALLED_APPS, "central.pins"]
ROOT_URLCONF = "example_urls"
EXAMPLE_APP = {app!r}
"""
_URLS = """
from django.urls import include, path
from central.urls import handler403, handler404, handler500, urlpatterns
urlpatterns = [*urlpatterns, path("", include("central.pins.urls"))]
"""


@pytest.mark.slow
def test_the_app_of_the_page_works(tmp_path: Path) -> None:
    for name, text in _FILE.findall(PAGE.read_text()):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    app = tmp_path / "central" / "pins"
    for package in (app, app / "migrations"):
        package.mkdir(exist_ok=True)
        (package / "__init__.py").touch()
    (tmp_path / "example_settings.py").write_text(_SETTINGS.format(folder=str(app.parent), app=str(app)))
    (tmp_path / "example_urls.py").write_text(_URLS)

    _run(tmp_path, "-m", "django", "makemigrations", "pins")
    _run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "tests/example_app/walk.py")


def _run(folder: Path, *command: str) -> None:
    surroundings = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "example_settings",
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        # Databases of its own: the tests around this one have theirs open.
        "RIALTO_TEST_PREFIX": f"example{os.getpid()}",
        "RIALTO_TEST_TEMPLATES": "",  # they know nothing of this app
    }
    surroundings.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
