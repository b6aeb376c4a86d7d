"""The pretended Cloudflare over a real nginx cache, as a program: what benches put in front of a shop.

`python -m infra.cdn.tests.standin FOLDER` purges files of the `proxy_cache` in FOLDER, within the published limits of
the Free plan, in real time. Its first line is `{"base_url", "key"}`; each line it reads is answered by
`{"calls", "refused"}`, counted since its start. It ends when its stdin does.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from infra.cdn.agent import Cache
from infra.cdn.tests.pretend import KEY, PretendCloudflare

#: the zone every `*.localhost` shop lies in
ZONE, NAME = "zone1", "localhost"


@dataclass
class OverNginx(PretendCloudflare):
    """A purge is over when the files are gone."""

    folder: Path = Path()

    def _drop(self, zone: str, kind: str, items: tuple[str, ...]) -> None:
        Cache(self.folder).purge(kind, list(items))


def main() -> None:
    service = OverNginx(zones={ZONE: NAME}, folder=Path(sys.argv[1]))
    with service.serving():
        print(json.dumps({"base_url": service.base_url, "key": KEY, "zone": ZONE}), flush=True)
        for _ in sys.stdin:
            made = len(service.calls)
            print(json.dumps({"calls": made, "refused": service.tried - made}), flush=True)


if __name__ == "__main__":
    main()
