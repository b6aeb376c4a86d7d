"""What every back end of the program cache must do, and what none may: be old, be believed, be in the way."""

from __future__ import annotations

import json
import logging
import pickle
import socket
import threading
import time

import pytest
from msgspec import Struct

from infra.caching import Cacheable, reading_fresh, sealed
from infra.caching.figures import Counts
from infra.caching.node import CannotEmpty, node_cache, start_anew
from infra.caching.stores import FilesStore, RedisStore, store_of
from node.config import Cache, Config, config, overridden
from node.testing import servers


class Answer(Struct, frozen=True):
    count: int
    names: list[str] = []


ANSWERS = Cacheable("test-answers", Answer)
SHORT = Cacheable("test-short", int, lifetime_s=60)


@pytest.fixture(autouse=True)
def _counts(monkeypatch):
    for one in (ANSWERS, SHORT):
        monkeypatch.setattr(one, "counts", Counts())


def settings_of(backend, tmp_path, **more):
    match backend:
        case "redis":
            return Cache(backend=backend, url=config().redis_url, **more)
        case "database":
            return Cache(backend=backend, url=servers.of_this_run().database_url("postgres"), **more)
        case "files":
            return Cache(backend=backend, folder=tmp_path / "cache", **more)
        case _:
            return Cache(backend=backend, **more)


@pytest.fixture(params=["redis", "files", "database"])
def shared(request, tmp_path):
    """A store that processes have in common, empty; the settings of it."""
    held = settings_of(request.param, tmp_path)
    with overridden(cache=held, home=tmp_path):
        node_cache().empty()
        yield held
        node_cache().empty()


def another_process():
    """What a process keeps of its own is gone; the store is as it was."""
    start_anew()


def made(count=1, names=("Anna",)):
    calls = []

    def make():
        calls.append(count)
        return Answer(count, list(names))

    return make, calls


# --- the store --------------------------------------------------------------------------------------------------------


def test_another_process_finds_what_one_has_made(shared):
    make, calls = made(7, ["чай", "tea"])

    first = ANSWERS.get(("a", 1), make)
    another_process()
    second = ANSWERS.get(("a", 1), make)

    assert (first, second, calls) == (Answer(7, ["чай", "tea"]), Answer(7, ["чай", "tea"]), [7])
    assert ANSWERS.counts == Counts(near=0, far=1, made=1)


def test_another_value_in_the_key_is_another_thing(shared):
    ANSWERS.get(("a", 1), made(1)[0])
    another_process()

    assert ANSWERS.get(("a", 2), made(2)[0]).count == 2


def test_emptying_leaves_nothing_and_tells_the_other_processes(shared):
    ANSWERS.get("a", made(1)[0])
    other = node_cache()
    another_process()

    node_cache().empty()

    other._looked_at = 0.0
    other.look()
    assert len(other.near) == 0
    assert ANSWERS.get("a", made(2)[0]).count == 2
    assert node_cache().figures().entries == 1


def test_what_has_lived_its_time_is_not_found(shared):
    store = store_of(shared)
    store.write("x:1", b"old", 0.05)
    deadline = time.monotonic() + 5

    while store.read("x:1") is not None:
        assert time.monotonic() < deadline


def test_words_of_somebody_else_are_not_believed(shared):
    ANSWERS.get("a", made(1)[0])
    name = sealed.name_of(ANSWERS.name, "a")
    store = store_of(shared)
    body = store.read(name)
    forged = body[:16] + body[16:].replace(b"Anna", b"Evil")
    store.write(name, forged, 60)
    another_process()

    found = ANSWERS.get("a", made(2)[0])

    assert b"Evil" in forged
    assert (found.count, node_cache().errors) == (2, 1)


def test_the_value_of_one_key_does_not_stand_for_another(shared):
    for key in ("a", "b"):
        ANSWERS.get(key, made(1, [key])[0])
    store = store_of(shared)
    a, b = (sealed.name_of(ANSWERS.name, key) for key in ("a", "b"))
    store.write(b, store.read(a), 60)
    another_process()

    assert ANSWERS.get("b", made(2, ["b"])[0]).names == ["b"]


def test_nothing_is_pickled(shared, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("pickled")

    monkeypatch.setattr(pickle, "dumps", refuse)
    monkeypatch.setattr(pickle, "loads", refuse)

    ANSWERS.get("a", made(1)[0])
    another_process()

    assert ANSWERS.get("a", made(2)[0]).count == 1
    assert node_cache().errors == 0


def test_other_keys_of_the_same_redis_are_left_alone(tmp_path):
    held = settings_of("redis", tmp_path)
    store = RedisStore(held)
    store._redis.set("test-of-others", b"1")

    store.clear()

    assert store._redis.getdel("test-of-others") == b"1"


def test_other_files_of_the_same_folder_are_left_alone(tmp_path):
    held = settings_of("files", tmp_path)
    held.folder.mkdir(mode=0o755)
    (held.folder / "letter.kept").write_text("x")
    store = FilesStore(held)
    store.write("x:1", b"1", 60)

    store.clear()

    assert (held.folder / "letter.kept").read_text() == "x"
    assert held.folder.stat().st_mode & 0o777 == 0o755
    assert store.size() == (0, 0)


@pytest.mark.parametrize("backend", ["files", "database"])
def test_a_store_holds_no_more_than_was_said(tmp_path, backend):
    held = settings_of(backend, tmp_path, entries=10)
    with overridden(cache=held, home=tmp_path):
        node_cache().empty()
        store = store_of(held)
        for number in range(101):
            store.write(f"x:{number}", b"1", 60 + number)

        assert store.size()[0] == 10
        assert store.read("x:100") == b"1"
        assert store.read("x:0") is None
        node_cache().empty()


# --- a store that is away --------------------------------------------------------------------------------------------


@pytest.fixture
def silent():
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def test_a_store_that_hangs_costs_one_short_wait_and_is_logged_once(silent, tmp_path, caplog):
    with overridden(cache=Cache(backend="redis", url=silent), home=tmp_path), caplog.at_level(logging.WARNING):
        began = time.monotonic()
        answers = [ANSWERS.get(number, made(number)[0]).count for number in range(200)]
        took = time.monotonic() - began

        assert answers == list(range(200))
        assert took < 2
        assert node_cache().errors == 1
        assert len([one for one in caplog.records if one.name == "infra.caching"]) == 1


def test_a_store_that_refuses_fails_no_page(tmp_path):
    file = tmp_path / "file"
    file.write_text("no folder")
    with overridden(cache=Cache(backend="files", folder=file), home=tmp_path):
        assert ANSWERS.get("a", made(5)[0]).count == 5
        assert "Error" in node_cache().figures().error
        with pytest.raises(CannotEmpty, match="does not answer"):
            node_cache().empty()


def test_a_store_that_is_back_is_used_again(tmp_path, caplog):
    file = tmp_path / "file"
    file.write_text("no folder")
    with overridden(cache=Cache(backend="files", folder=file), home=tmp_path), caplog.at_level(logging.WARNING):
        ANSWERS.get("a", made(5)[0])
        file.unlink()
        node_cache()._shut_until = 0.0

        ANSWERS.get("b", made(6)[0])

        assert node_cache().figures().error == ""
        assert [one.getMessage().split(":")[0] for one in caplog.records if one.name == "infra.caching"] == [
            "the cache (files) is left out until it answers",
            "the cache (files) answers again",
        ]


# --- in a process -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("backend", "calls"), [("memory", 1), ("none", 3)])
def test_memory_keeps_and_none_does_not(tmp_path, backend, calls):
    make, seen = made()
    with overridden(cache=Cache(backend=backend), home=tmp_path):
        for _ in range(3):
            ANSWERS.get("a", make)

    assert len(seen) == calls


def test_memory_hands_out_the_very_value_and_packs_nothing(tmp_path):
    value = Answer(1)
    with overridden(cache=Cache(backend="memory"), home=tmp_path):
        ANSWERS.get("a", lambda: value)

        assert ANSWERS.get("a", lambda: Answer(2)) is value


def test_one_makes_while_the_others_wait():
    begun, go, calls = threading.Event(), threading.Event(), []

    def make():
        calls.append(1)
        begun.set()
        go.wait(5)
        return Answer(1)

    threads = [threading.Thread(target=lambda: ANSWERS.get("a", make)) for _ in range(5)]
    for thread in threads:
        thread.start()
    begun.wait(5)
    go.set()
    for thread in threads:
        thread.join(5)

    assert len(calls) == 1
    assert ANSWERS._making == {}


def test_what_fails_is_not_kept_and_the_next_one_tries():
    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        ANSWERS.get("a", fail)

    assert ANSWERS.get("a", made(3)[0]).count == 3


def test_who_has_just_changed_something_sees_it_and_so_do_the_others_then():
    SHORT.get("a", lambda: 1)

    with reading_fresh():
        own = SHORT.get("a", lambda: 2)

    assert (own, SHORT.get("a", lambda: 3)) == (2, 2)


def test_what_is_made_while_the_cache_is_emptied_is_not_kept():
    def make():
        node_cache().empty()
        return 1

    SHORT.get("a", make)

    assert SHORT.get("a", lambda: 2) == 2


def test_counts_of_all_processes_are_the_nodes(tmp_path):
    with overridden(cache=Cache(backend="memory"), home=tmp_path):
        ANSWERS.get("a", made()[0])
        node_cache().begin_telling()
        own = next((node_cache()._folder).glob("*.json"))
        own.rename(own.with_stem("1"))  # a process that runs for ever
        (own.with_stem("999999999")).write_text("{}")

        figures = node_cache().figures()

    counted = {one.name: one.made for one in figures.kinds}
    assert (counted["test-answers"], figures.entries) == (2, 2)
    assert not own.with_stem("999999999").exists()


def test_a_process_that_is_asked_tells_the_others_too(tmp_path):
    with overridden(cache=Cache(backend="memory"), home=tmp_path):
        node_cache().begin_telling()
        ANSWERS.get("a", made()[0])

        node_cache().figures()

        [file] = node_cache()._folder.glob("*.json")
        told = {one["name"]: one["made"] for one in json.loads(file.read_text())["kinds"]}
    assert told["test-answers"] == 1


# --- the settings -----------------------------------------------------------------------------------------------------


def test_central_keeps_in_its_redis_and_an_edge_in_memory(tmp_path):
    for role, backend in (("central", "redis"), ("edge", "memory")):
        made = Config(role=role, home=tmp_path, secret_key="k" * 40)

        assert made.cache.backend == backend
        assert bool(made.cache.url) == (role == "central")
