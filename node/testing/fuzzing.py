"""How both APIs are tried by schemathesis: the same checks, the same seed, and no more than CI has time for."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

#: test cases for each call beside the fixed ones; RIALTO_FUZZ_EXAMPLES raises it for a long run
EXAMPLES = 6
#: seconds for all calls of one API; RIALTO_FUZZ_SECONDS
SECONDS = 28

#: what is right by the schema may still be refused for what it means: 422 is then an answer like any other
_CONFIG = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", "400", "401", "403", "404", "409", "422", "503"]
"""


def complaints(url: str, headers: Mapping[str, str], *more: str) -> str:
    """What schemathesis has to say against the API whose document is at `url`; "" when nothing. All its checks."""
    named = [part for name, value in headers.items() for part in ("--header", f"{name}:{value}")]
    examples = os.environ.get("RIALTO_FUZZ_EXAMPLES", str(EXAMPLES))
    seconds = os.environ.get("RIALTO_FUZZ_SECONDS", str(SECONDS))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "schemathesis.toml").write_text(_CONFIG)
        done = subprocess.run(  # noqa: S603
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", f"{folder}/schemathesis.toml", "run", url),
                *("--checks", "all", "--phases", "examples,coverage,fuzzing", "--seed", "20261125"),
                *("--max-time", seconds, "--max-examples", examples),
                *("--generation-deterministic", "--request-timeout", "20"),
                *("--warnings", "off", "--no-color", *named, *more),
            ],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
    return "" if done.returncode == 0 else done.stdout[-12_000:] + done.stderr[-2_000:]
