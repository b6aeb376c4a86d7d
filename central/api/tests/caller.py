"""Who calls the API in tests."""

from __future__ import annotations

import json
import secrets
from typing import Any

from django.test import Client

from central.api.models import ApiKey


def some_address() -> str:
    """Nobody's, and another in each test: calls are counted by address in a Redis that tests share."""
    return f"2001:db8:{secrets.randbelow(65535):x}:{secrets.randbelow(65535):x}::1"


class Caller:
    def __init__(self, key: ApiKey | None, text: str) -> None:
        self.key, self.text, self.address = key, text, some_address()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = body if isinstance(body, bytes | str) or body is None else json.dumps(body)
        named = {"authorization": f"Bearer {self.text}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        more = {} if data is None else {"data": data, "content_type": "application/json"}
        if content_type := named.pop("content-type", ""):
            more["content_type"] = content_type
        return Client().generic(method, f"/api/v1/{path}", headers=named, REMOTE_ADDR=self.address, **more)

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.ask("POST", path, body, **headers)


def refused(answer: Any) -> tuple[int, str]:
    assert answer.json()["message"]
    return answer.status_code, answer.json()["error"]
