from __future__ import annotations

from pathlib import Path

import pytest

from node import places, reachable
from node.config import Config, ConfigWrong, build, config, load, overridden

GOOD = 'role = "central"\nsecret_key = "0123456789012345678901234567890123456789"\n'


def write(home: Path, text: str) -> Path:
    (home / "rialto.toml").write_text(text)
    return home


def problems_of(home: Path) -> list[str]:
    with pytest.raises(ConfigWrong) as caught:
        load(home)
    return caught.value.problems


def test_every_wrong_value_is_told_at_once_with_what_to_do(tmp_path: Path) -> None:
    write(
        tmp_path,
        GOOD
        + 'bind_port = 99999\nsmtp_url = "mail"\nbase_url = "http://x/desk"\ncolour = "red"\n[realms]\nhats = "x"\n',
    )

    found = problems_of(tmp_path)

    assert [line.split(":")[0] for line in found] == ["base_url", "bind_port", "realms", "smtp_url", "colour"]
    assert all(";" in line for line in found)


def test_a_missing_file_says_how_to_make_a_node(tmp_path: Path) -> None:
    assert "rialto init central" in problems_of(tmp_path)[0]


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    write(tmp_path, "role = central\n")

    assert "TOML" in problems_of(tmp_path)[0]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('realms = {orders = "mysql://h/x"}', "realms"),
        ('realms = {orders = "postgresql://h"}', "realms"),
        ('redis_url = "http://h"', "redis_url"),
        ('server = "gunicorn"', "server"),
        ('log_level = "loud"', "log_level"),
        ('bind_port = "many"', "bind_port"),
        ("bind_port = 0", "bind_port"),
        ('link_url = "http://central"', "link_url"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, line: str, name: str) -> None:
    write(tmp_path, f"{GOOD}{line}\n")

    assert [found.split(":")[0] for found in problems_of(tmp_path)] == [name]


def test_a_short_secret_key_is_refused(tmp_path: Path) -> None:
    write(tmp_path, 'role = "edge"\nsecret_key = "short"\n')

    assert problems_of(tmp_path)[0].startswith("secret_key: is too short")


def test_an_edge_has_no_realms(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("central", "edge") + 'realms = {orders = "postgresql://h/x"}\n')

    assert problems_of(tmp_path) == ["realms: an edge has none; remove it"]


def test_an_edge_has_one_web_process(tmp_path: Path) -> None:
    with pytest.raises(ConfigWrong, match="web_workers: an edge has none"):
        build(tmp_path, {"role": "edge", "home": tmp_path, "secret_key": "k" * 40, "web_workers": 2})


def test_a_realm_left_out_lives_in_the_embedded_server(tmp_path: Path) -> None:
    write(tmp_path, GOOD + 'realms = {orders = "postgresql://h/x"}\n')

    found = load(tmp_path)

    assert found.realms["orders"] == "postgresql://h/x"
    assert found.realms["stats"] == places.postgres_url(tmp_path, "stats")
    assert found.embedded_realms == ("cluster", "customers", "catalog", "work", "stats")
    assert found.is_redis_embedded


def test_the_environment_overrules_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD + "bind_port = 8000\n")
    monkeypatch.setenv("RIALTO_BIND_PORT", "8001")
    monkeypatch.setenv("RIALTO_REALMS__ORDERS", "postgresql://h/elsewhere")

    found = load(tmp_path)

    assert found.bind_port == 8001
    assert found.realms["orders"] == "postgresql://h/elsewhere"


def test_a_wrong_value_of_the_environment_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD)
    monkeypatch.setenv("RIALTO_BIND_PORT", "none")

    assert problems_of(tmp_path)[0].startswith("bind_port")


def test_the_secret_key_comes_from_its_file_when_the_settings_have_none(tmp_path: Path) -> None:
    made = places.make_secret(tmp_path, "secret_key")
    write(tmp_path, 'role = "edge"\n')

    assert load(tmp_path).secret_key == made
    assert (tmp_path / "keys" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_node_without_a_secret_key_does_not_start(tmp_path: Path) -> None:
    write(tmp_path, 'role = "edge"\n')

    assert problems_of(tmp_path)[0].startswith("secret_key: is missing")


def test_no_secret_is_shown_in_a_refusal(tmp_path: Path) -> None:
    write(tmp_path, GOOD + 'smtp_url = "ftp://someone:hush-hush@host"\n')

    assert "hush-hush" not in " ".join(problems_of(tmp_path))


def test_sockets_move_to_a_short_directory_when_the_home_is_deep(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)

    assert places.runtime_dir(tmp_path) == tmp_path / "run"
    assert len(str(places.runtime_dir(deep)) + places.LONGEST_SOCKET_NAME) <= places.SOCKET_PATH_LIMIT
    assert places.runtime_dir(deep) != places.runtime_dir(tmp_path / ("e" * 100))


def test_overridden_is_undone() -> None:
    before = config()

    with overridden(base_url="http://other.example") as changed:
        assert config() is changed

    assert config() is before


def test_settings_cannot_be_changed_by_accident() -> None:
    found: Config = build("a test", {"role": "edge", "home": "/nowhere", "secret_key": "x" * 40})

    with pytest.raises(ValueError, match="frozen"):
        found.bind_port = 1  # type: ignore[misc]


CACHES = [
    ('backend = "memcached"', "cache.backend: input should be"),
    ("lifetime = 5", "cache.lifetime: input should be greater than or equal to 60"),
    ("entries = 0", "cache.entries: input should be greater than or equal to 10"),
    ('backend = "redis"\nurl = "http://h"', "cache: url does not begin with redis://"),
    ('backend = "database"\nurl = "redis://h"', "cache: url does not begin with postgresql://"),
    ('backend = "memory"\nurl = "redis://h"', 'cache: url belongs to backend = "redis" or "database"'),
    ('backend = "redis"\nfolder = "x"', 'cache: folder belongs to backend = "files"'),
    ("size = 5", "cache.size: no such setting"),
]


@pytest.mark.parametrize(("lines", "problem"), CACHES)
def test_a_wrong_cache_is_named_with_its_key(tmp_path: Path, lines: str, problem: str) -> None:
    write(tmp_path, f"{GOOD}[cache]\n{lines}\n")

    [found] = problems_of(tmp_path)

    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('backend = "database"', "cache.backend: an edge's one database is for carts and orders"),
        ('backend = "redis"', "cache.url: is missing"),
        ('url = "redis://h"', 'cache.url: belongs to backend = "redis"'),
    ],
)
def test_what_an_edge_cannot_keep_in_is_named(tmp_path: Path, lines: str, problem: str) -> None:
    write(tmp_path, GOOD.replace("central", "edge") + f"[cache]\n{lines}\n")

    [found] = problems_of(tmp_path)

    assert found.startswith(problem)


def test_the_cache_has_a_place_of_its_own_for_each_back_end(tmp_path: Path) -> None:
    realms = 'realms = {cluster = "postgresql://h/c"}\nredis_url = "redis://r:1/0"\n'

    made = {}
    for backend in ("redis", "files", "database", "memory", "none"):
        write(tmp_path, f'{GOOD}{realms}[cache]\nbackend = "{backend}"\n')
        made[backend] = load(tmp_path).cache

    assert (made["redis"].url, made["database"].url) == ("redis://r:1/0", "postgresql://h/c")
    assert made["files"].folder == tmp_path / "cache"


def test_a_cache_in_the_database_of_a_realm_moves_along(tmp_path: Path) -> None:
    write(tmp_path, f'{GOOD}realms = {{cluster = "postgresql://h/c"}}\n[cache]\nbackend = "database"\n')

    assert load(tmp_path).with_realm("cluster", "postgresql://i/c").cache.url == "postgresql://i/c"


def test_a_cache_that_does_not_answer_is_told_by_the_doctor_and_stops_no_start(tmp_path: Path) -> None:
    write(tmp_path, f'{GOOD}redis_url = "redis://127.0.0.1:1/0"\n[cache]\nurl = "redis://:word@127.0.0.1:2/0"\n')
    away = load(tmp_path)
    (tmp_path / "file").write_text("no folder")
    write(tmp_path, f'{GOOD}[cache]\nbackend = "files"\nfolder = "file"\n')

    [redis], [files] = reachable.cache_problems_of(away), reachable.cache_problems_of(load(tmp_path))

    assert redis.startswith("cache: redis://:***@127.0.0.1:2/0 does not answer")
    assert files.startswith(f"cache: {tmp_path}/file does not answer")
    assert not any("cache" in problem for problem in reachable.problems_of(away))
