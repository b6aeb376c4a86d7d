"""Pictures come from central by the hash of their bytes, or not at all."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

import httpx
import pytest

from edge.pages.tests import make
from edge.pages.tests.client import Browser
from edge.replica import pictures
from edge.replica.models import NeededPicture
from sync.contracts.documents import Picture
from sync.store.writer import reader

BODY = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>'
NAME = f"{hashlib.sha256(BODY).hexdigest()}.svg"
PICTURE = Picture(hash=NAME[:64], ext="svg", width=1, height=1)
shop = Browser("tea.localhost", pictures.serve)


class Central:
    """Stands in for central's media at the other end of HTTP."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.is_away = False
        self.at_once = self.most_at_once = 0

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if self.is_away:
            raise httpx.ConnectError("away", request=request)
        body = self.files.get(request.url.path.removeprefix("/_media/"))
        return httpx.Response(404) if body is None else httpx.Response(200, content=body)


@pytest.fixture
def central(edge) -> Central:
    return Central()


@pytest.fixture
async def fetcher(central, monkeypatch):
    monkeypatch.setattr(pictures, "_central", lambda: "http://central.example")
    monkeypatch.setattr(pictures, "_RETRY_FIRST_S", 0.001)
    monkeypatch.setattr(pictures, "_RETRY_LAST_S", 0.002)
    made = pictures.Fetcher(transport=httpx.MockTransport(central.answer))
    monkeypatch.setattr(pictures, "fetcher", made)
    yield made
    await made.stop()


async def needed() -> set[str]:
    return await reader.run(lambda: set(NeededPicture.objects.values_list("name", flat=True)))


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await happened():  # noqa: ASYNC110 - what it waits for is a row or a file, not our event
            await asyncio.sleep(0.005)


async def until_none_is_needed() -> None:
    async def none() -> bool:
        return not await needed()

    await until(none)


async def until_asked(central: Central, times: int) -> None:
    async def asked() -> bool:
        return len(central.asked) >= times

    await until(asked)


async def test_a_picture_a_document_names_is_fetched_and_served(central, fetcher):
    central.files[NAME] = BODY

    await make.arrive(make.make_product("tea", "p", pictures=[PICTURE]))
    await until_none_is_needed()

    answer = await shop.get(f"/_m/{NAME}")
    assert (answer.status, answer.body) == (200, BODY)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert central.asked == [f"/_media/{NAME}"]


async def test_a_picture_of_a_sisters_card_is_fetched_too(central, fetcher):
    central.files[NAME] = BODY

    await make.arrive(*make.cards_of(make.make_product("ink", "pen"), picture=PICTURE))
    await until_none_is_needed()

    assert pictures.file_of(NAME).read_bytes() == BODY


async def test_bytes_of_another_hash_are_not_kept(central, fetcher):
    central.files[NAME] = BODY + b" "
    await make.arrive(make.make_product("tea", "p", pictures=[PICTURE]))
    await until_asked(central, 2)

    assert not pictures.file_of(NAME).exists()
    assert await needed() == {NAME}
    assert list(pictures.file_of(NAME).parent.glob("*")) == []


async def test_central_away_is_asked_again_until_it_is_back(central, fetcher):
    central.files[NAME], central.is_away = BODY, True
    await make.arrive(make.make_product("tea", "p", pictures=[PICTURE]))
    await until_asked(central, 3)

    central.is_away = False

    await until_none_is_needed()
    assert pictures.file_of(NAME).read_bytes() == BODY


async def test_a_shopper_waits_a_moment_for_a_picture_on_its_way(central, fetcher):
    central.files[NAME] = BODY
    make.publish(make.make_product("tea", "p", pictures=[PICTURE]))

    answer = await shop.get(f"/_m/{NAME}")

    assert (answer.status, answer.body) == (200, BODY)


async def test_a_picture_that_does_not_come_is_a_quiet_frame_nobody_keeps(central, fetcher, monkeypatch):
    monkeypatch.setattr(pictures, "PATIENCE_S", 0.01)
    await make.arrive(make.make_product("tea", "p", pictures=[PICTURE]))

    answer = await shop.get(f"/_m/{NAME}")

    assert (answer.status, answer.headers["cache-control"]) == (404, "no-store")
    assert answer.headers["content-type"] == "image/svg+xml" and answer.body == pictures.PLACEHOLDER


async def test_what_no_document_names_is_never_asked_of_central(central, fetcher):
    for path in (f"/_m/{'0' * 64}.svg", "/_m/../secret", "/_m/", f"/_m/{NAME}.exe", f"/_m/{NAME.upper()}"):
        assert (await shop.get(path)).status == 404

    assert central.asked == []
    assert (await shop.get(f"/_m/{NAME}", method="POST")).status == 405


async def test_at_most_four_are_fetched_at_once(central, fetcher):
    bodies = [BODY + b"<!--%d-->" % n for n in range(30)]
    central.files = {f"{hashlib.sha256(body).hexdigest()}.svg": body for body in bodies}
    found = [Picture(hash=name[:64], ext="svg", width=1, height=1) for name in central.files]

    await make.arrive(make.make_product("tea", "p", pictures=found))
    await until_none_is_needed()

    assert all(pictures.file_of(name).exists() for name in central.files)
    assert 1 < central.most_at_once <= 4
    assert len(central.asked) == 30


async def test_a_picture_that_is_here_is_not_fetched_again(central, fetcher):
    pictures.store(NAME, BODY)

    await make.arrive(make.make_product("tea", "p", pictures=[PICTURE]))

    assert await needed() == set()
