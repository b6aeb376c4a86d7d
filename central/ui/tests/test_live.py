"""The live socket: told of one's own sites only, and shut when the person is nobody any more."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, ParamSpec

import pytest
from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.test import Client

from central.accounts.actions import give_role, give_sites
from central.accounts.models import GroupRight
from central.accounts.scope import ALL
from central.asgi import application
from central.cluster.groups import make_group
from central.ui import consumers, live
from central.ui.tests import cast

pytestmark = pytest.mark.django_db

#: generous: the first socket imports all of central, on a machine that is busy with other tests
SOON = 15
P = ParamSpec("P")


def awaited(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Runs an async test so that its database work is done in this thread, inside the test's transaction."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async_to_sync(test)(*args, **kwargs)

    return run


@pytest.fixture(autouse=True)
def _keep_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels closes a connection that is not in autocommit mode, and a test's transaction is that."""
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)


HEADERS = [(b"host", b"desk.example"), (b"origin", b"https://desk.example")]


def _cookie(user: User) -> tuple[bytes, bytes]:
    client = Client()
    client.force_login(user)
    return b"cookie", f"rialto_desk={client.cookies['rialto_desk'].value}".encode()


@asynccontextmanager
async def socket_of(user: User, *topics: str) -> AsyncIterator[WebsocketCommunicator]:
    cookie = await database_sync_to_async(_cookie)(user)
    socket = WebsocketCommunicator(application, "/ws/live", headers=[*HEADERS, cookie])
    assert (await socket.connect(timeout=SOON))[0]
    await socket.send_json_to({"topics": list(topics)})
    assert await socket.receive_json_from(timeout=SOON) == {"following": sorted(topics)}
    yield socket
    await socket.disconnect()


async def nudge(site: str, *keys: str, topic: str = live.ORDERS) -> None:
    await database_sync_to_async(live.nudge)(topic, sites=[site], kind="new", keys=keys)


make = database_sync_to_async(cast.staff)


@awaited
async def test_a_new_order_reaches_an_open_screen() -> None:
    async with socket_of(await make("ada", "admin"), "orders") as socket:
        await nudge("tea", "o-1")

        assert await socket.receive_json_from(timeout=SOON) == {
            "topic": "orders",
            "kind": "new",
            "keys": ["o-1"],
            "site": "all",
        }


@awaited
async def test_staff_of_one_site_hear_of_that_site_only() -> None:
    async with socket_of(await make("olga", "operator", ["tea"]), "orders") as socket:
        await nudge("clay", "foreign")
        await nudge("tea", "own")

        assert (await socket.receive_json_from(timeout=SOON))["keys"] == ["own"]
        assert await socket.receive_nothing()


@pytest.mark.parametrize("who", ["of another site", "of another group", "without rights"])
@awaited
async def test_no_topic_tells_a_stranger_of_another_site(who: str) -> None:
    async with socket_of(await database_sync_to_async(_stranger)(who), *live.TOPICS) as socket:
        for topic in live.TOPICS:
            await nudge("hush", "foreign", topic=topic)
        if who != "without rights":
            await nudge("tea", "own")
            assert (await socket.receive_json_from(timeout=SOON))["keys"] == ["own"]

        assert await socket.receive_nothing()


def _stranger(who: str) -> User:
    if who == "without rights":
        return cast.stranger()
    cast.site("tea")
    make_group("tea-group", title="Tea group", sites=["tea"], by="test")
    user = cast.staff("tea-admin", "admin", sites=["tea"] if who == "of another site" else [])
    if who == "of another group":
        GroupRight.objects.create(user=user, group="tea-group")
    return user


@awaited
async def test_a_topic_without_its_right_stays_silent() -> None:
    async with socket_of(await make("olga", "operator"), "nodes", "orders") as socket:
        await nudge("tea", "n", topic=live.NODES)
        await nudge("tea", "o")

        assert (await socket.receive_json_from(timeout=SOON))["topic"] == "orders"
        assert await socket.receive_nothing()


@awaited
async def test_a_site_taken_away_is_noticed_at_the_next_push() -> None:
    user = await make("olga", "operator", ["tea", "clay"])
    async with socket_of(user, "orders") as socket:
        await database_sync_to_async(give_sites)(user, ["clay"])

        await nudge("tea", "not-mine-any-more")
        await nudge("clay", "mine")

        assert (await socket.receive_json_from(timeout=SOON))["keys"] == ["mine"]


@awaited
async def test_a_right_taken_away_is_noticed_at_the_next_push() -> None:
    user = await make("mark", "manager")
    async with socket_of(user, "nodes", "orders") as socket:
        await database_sync_to_async(give_role)(user, "operator")

        await nudge("tea", "n", topic=live.NODES)
        await nudge("tea", "o")

        assert (await socket.receive_json_from(timeout=SOON))["topic"] == "orders"


@awaited
async def test_a_switched_off_person_is_shut_out_at_the_next_push() -> None:
    user = await make("olga", "operator", ALL)
    async with socket_of(user, "orders") as socket:
        await database_sync_to_async(User.objects.filter(pk=user.pk).update)(is_active=False)

        await nudge("tea", "secret")

        assert await socket.receive_output(timeout=SOON) == {"type": "websocket.close", "code": 4401}


@awaited
async def test_a_session_that_ended_is_shut_without_any_push(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.sessions.models import Session

    monkeypatch.setattr(consumers, "RECHECK_SECONDS", 0.05)
    async with socket_of(await make("olga", "operator"), "orders") as socket:
        await database_sync_to_async(Session.objects.all().delete)()

        assert await socket.receive_output(timeout=SOON) == {"type": "websocket.close", "code": 4401}


@awaited
async def test_a_new_password_ends_the_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    from central.accounts.actions import set_password

    monkeypatch.setattr(consumers, "RECHECK_SECONDS", 0.05)
    async with socket_of(await make("olga", "operator"), "orders") as socket:
        await database_sync_to_async(set_password)("olga", "another long word")

        assert (await socket.receive_output(timeout=SOON))["code"] == 4401


@awaited
async def test_nobody_signed_in_gets_no_socket() -> None:
    socket = WebsocketCommunicator(application, "/ws/live", headers=HEADERS)

    assert not (await socket.connect(timeout=SOON))[0]


@pytest.mark.parametrize("origin", [b"https://evil.example", b"null", b""])
@awaited
async def test_another_origin_gets_no_socket(origin: bytes) -> None:
    cookie = await database_sync_to_async(_cookie)(await make("ada", "admin"))
    headers = [(b"host", b"desk.example"), (b"origin", origin), cookie]
    socket = WebsocketCommunicator(application, "/ws/live", headers=headers)

    assert not (await socket.connect(timeout=SOON))[0]


@pytest.mark.parametrize("said", ['{"topics": "orders"}', '{"topics": [1, {}]}', "[]", '{"topics": ["../etc"]}'])
@awaited
async def test_nonsense_from_a_screen_follows_nothing(said: str) -> None:
    async with socket_of(await make("ada", "admin")) as socket:
        await socket.send_to(text_data=said)
        await nudge("tea", "o")

        received: list[Any] = []
        while not await socket.receive_nothing():
            received.append(await socket.receive_json_from(timeout=SOON))
        assert [one for one in received if "keys" in one] == []


def test_a_nudge_never_fails_an_action(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        async def group_send(self, *args: Any) -> None:
            raise ConnectionError

    monkeypatch.setattr(live, "get_channel_layer", Broken)

    live.nudge("orders", sites=["tea"])


def test_what_changes_often_is_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, str, set[str]]] = []
    told = threading.Event()

    def send(messages: Any) -> None:
        sent.extend((message["topic"], message["site"], set(message["keys"])) for message in messages)
        told.set()

    monkeypatch.setattr(live, "_send", send)
    monkeypatch.setattr(live, "SOON_S", 0.05)
    for key in ("1", "2"):
        live.nudge_soon("carts", sites=["tea"], keys=[key])

    assert told.wait(SOON)
    assert sorted(sent) == [("carts", "all", {"1", "2"}), ("carts", "tea", {"1", "2"})]


@awaited
async def test_of_what_has_no_site_the_limited_are_told_what_they_see(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(live._seen_by, live.STOCK, lambda user, keys: [key for key in keys if key == "own"])
    async with socket_of(await make("tim", "manager", sites=["tea"]), "stock") as socket:
        await database_sync_to_async(live.nudge)(live.STOCK, keys=["foreign"])
        await database_sync_to_async(live.nudge)(live.STOCK, keys=["foreign", "own"])

        assert (await socket.receive_json_from(timeout=SOON))["keys"] == ["own"]
