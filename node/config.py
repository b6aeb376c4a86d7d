"""The settings of this node: `rialto.toml` in its home directory, overruled by the environment (`RIALTO_*`).

`config()` reads them once. Every wrong value is told at once, with what to do, as one `ConfigWrong`.

    [realms]                      a database URL per realm; one left out lives in the embedded PostgreSQL
    RIALTO_REALMS__ORDERS=...     the same from the environment; the other settings are RIALTO_<NAME>
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from node import places
from node.errors import WrongUse
from node.limits import OFF, RATE_LIMITS
from node.places import FILE_NAME
from node.realm_names import CENTRAL_REALMS, CLUSTER

#: What to do about a wrong value, per setting. Kept beside the types so that every refusal ends in an instruction.
HINTS: Mapping[str, str] = {
    "role": 'write role = "central" or role = "edge"',
    "base_url": 'write the address people type, such as base_url = "https://desk.example.com", with no path',
    "bind_host": 'write an address of this machine, such as bind_host = "127.0.0.1"',
    "bind_port": "write a free TCP port from 1 to 65535",
    "realms": f"name only {', '.join(CENTRAL_REALMS)}, each as postgresql://user:password@host:port/database",
    "redis_url": "write redis://host:port/0, rediss://… or unix:///path/to.sock, or leave it out for the embedded one",
    "smtp_url": "write smtp://user:password@host:port (or smtps://…)",
    "mail_from": 'write an address such as mail_from = "Shop <shop@example.com>"',
    "secret_key": "let `rialto init` write one; it has at least 32 characters",
    "link_url": "write central's address as the edge reaches it: http://… or https://…",
    "media_dir": "write a directory this node may write to",
    "pages_dir": "write a directory this node may write to and its web server may read",
    "places_file": "write the path of a MaxMind DB file (.mmdb) of cities or countries, or leave it out",
    "demo_control": "write the path of the demo's control socket, or leave it out",
    "server": 'write server = "daphne" or server = "uvicorn"',
    "web_workers": "write how many web processes central has, from 1 to 16; an edge always has one",
    "trusted_proxies": 'name addresses or networks of your own proxies, such as trusted_proxies = ["127.0.0.1"]',
    "limits": f'write {"|".join(RATE_LIMITS)} = "600/minute" or "{OFF}" under [limits]',
    "fetch_private": "write true or false",
    "log_level": "write debug, info, warning or error",
    "cache": "under [cache] write backend = memory, redis, files, database or none; see docs/reference/settings.md",
    "search": 'write meilisearch_url = "http://host:7700" or sphinx = "host:9306" under [search]',
    "keys": 'write source = "file", "env" or "command" under [keys]; with "command" also command = ["program"]',
}


REDIS_SCHEMES = ("redis", "rediss", "unix")
POSTGRES_SCHEMES = ("postgresql", "postgres")


class ConfigWrong(WrongUse):
    """One or more settings cannot be used. `problems` names each with what to do."""

    code = "config_wrong"

    def __init__(self, where: Path | str, problems: list[str]) -> None:
        self.problems = problems
        count = "a setting is" if len(problems) == 1 else f"{len(problems)} settings are"
        super().__init__(f"{count} wrong in {where}:\n" + "\n".join(f"  - {problem}" for problem in problems))


class Keys(BaseModel):
    """Where central's keys come from: `infra.crypto.sources`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    source: Literal["file", "env", "command"] = "file"
    command: list[str] = []

    @model_validator(mode="after")
    def _has_its_command(self) -> Self:
        if bool(self.command) != (self.source == "command"):
            raise ValueError('source = "command" and command belong together')
        return self


class Search(BaseModel):
    """Search servers that central may use: `infra.search`. Without them every edge searches by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    meilisearch_url: str = ""
    meilisearch_key: str = ""
    #: host:port of searchd's SphinxQL
    sphinx: str = ""

    @field_validator("meilisearch_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            raise ValueError("is not a plain http(s) address")
        return value.rstrip("/")

    @field_validator("sphinx")
    @classmethod
    def _is_host_and_port(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if value and not (host and port.isdecimal() and 0 < int(port) < 65_536):
            raise ValueError("is not host:port")
        return value


class Cache(BaseModel):
    """Where the program cache lives: `infra.caching`. `backend` "": redis at central, memory at an edge."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    backend: Literal["", "memory", "redis", "files", "database", "none"] = ""
    #: of `redis` and `database`; "": central's own Redis, and the database of its realm `cluster`
    url: str = ""
    #: of `files`; below the node's directory unless absolute
    folder: Path | None = None
    #: seconds after which what nobody changed is made anew all the same
    lifetime: int = Field(default=86_400, ge=60, le=30 * 86_400)
    #: in the memory of each process, and with `files` and `database` also there
    entries: int = Field(default=1_000, ge=10, le=1_000_000)

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        schemes = {"redis": REDIS_SCHEMES, "database": POSTGRES_SCHEMES}.get(self.backend or "redis")
        if self.url and schemes is None:
            raise ValueError('url belongs to backend = "redis" or "database"')
        if self.url and schemes is not None and urlsplit(self.url).scheme not in schemes:
            raise ValueError(f"url does not begin with {schemes[0]}://")
        if self.folder is not None and self.backend != "files":
            raise ValueError('folder belongs to backend = "files"')
        return self


class Config(BaseSettings):
    """Typed settings of one node. URLs are text; paths are absolute."""

    model_config = SettingsConfigDict(
        env_prefix="RIALTO_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    role: Literal["central", "edge"]
    home: Path
    base_url: str = "http://localhost:8400"
    id_url: str = ""
    bind_host: str = "127.0.0.1"
    bind_port: int = Field(default=8400, ge=1, le=65535)
    realms: dict[str, str] = {}
    redis_url: str = ""
    smtp_url: str = "smtp://127.0.0.1:25"
    mail_from: str = "Rialto <rialto@localhost>"
    secret_key: str = ""
    link_url: str = ""
    media_dir: Path = Path("media")
    pages_dir: Path = Path("pages")
    #: a MaxMind DB file of cities or countries, for regions of shops
    places_file: Path | None = None
    demo_control: str | None = None
    server: Literal["", "daphne", "uvicorn"] = ""
    web_workers: int = Field(default=1, ge=1, le=16)
    trusted_proxies: list[str] = []
    limits: dict[str, str] = {}
    fetch_private: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    keys: Keys = Keys()
    search: Search = Search()
    cache: Cache = Cache()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings  # the environment overrules the file

    @field_validator("base_url", "link_url", "id_url")
    @classmethod
    def _is_origin(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("is not a plain http(s) address")
        return value.rstrip("/")

    @field_validator("realms")
    @classmethod
    def _are_databases(cls, value: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(set(value) - set(CENTRAL_REALMS)):
            raise ValueError(f"no such realm: {', '.join(unknown)}")
        for realm, url in value.items():
            parts = urlsplit(url)
            if parts.scheme not in POSTGRES_SCHEMES or len(parts.path) < 2:
                raise ValueError(f"realm '{realm}' is not a PostgreSQL URL with a database name")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in REDIS_SCHEMES:
            raise ValueError("is not a Redis address")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_smtp(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("is not a mail server's address")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: list[str]) -> list[str]:
        for one in value:
            try:
                ip_network(one, strict=False)
            except ValueError as error:
                raise ValueError(f"'{one}' is not an address or a network") from error
        return value

    @field_validator("limits")
    @classmethod
    def _are_limits(cls, value: dict[str, str]) -> dict[str, str]:
        from limits import parse

        if unknown := sorted(set(value) - set(RATE_LIMITS)):
            raise ValueError(f"no such limit: {', '.join(unknown)}")
        for name, text in value.items():
            try:
                if text != OFF:
                    parse(text)
            except ValueError as error:
                raise ValueError(f"{name}: '{text}' is not a limit such as 600/minute") from error
        return value

    @field_validator("secret_key")
    @classmethod
    def _is_long(cls, value: str) -> str:
        if value and len(value) < 32:
            raise ValueError("is too short to protect anything")
        return value

    _embedded_realms: tuple[str, ...] = PrivateAttr(())
    _is_redis_embedded: bool = PrivateAttr(False)

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        home = self.home.resolve()
        filled: dict[str, object] = {
            "home": home,
            "media_dir": home / self.media_dir,
            "pages_dir": home / self.pages_dir,
            "places_file": home / self.places_file if self.places_file else None,
            "server": self.server or ("daphne" if self.role == "central" else "uvicorn"),
            "secret_key": self.secret_key or places.read_secret(home, "secret_key"),
        }
        filled["cache"] = self._cache(home)
        if self.role == "central":
            self._embedded_realms = tuple(realm for realm in CENTRAL_REALMS if realm not in self.realms)
            self._is_redis_embedded = not self.redis_url
            filled["realms"] = {r: self.realms.get(r) or places.postgres_url(home, r) for r in CENTRAL_REALMS}
            filled["redis_url"] = self.redis_url or places.valkey_url(home)
        for name, value in filled.items():
            object.__setattr__(self, name, value)
        return self

    def _cache(self, home: Path) -> Cache:
        held = self.cache
        backend = held.backend or ("redis" if self.role == "central" else "memory")
        changes: dict[str, object] = {"backend": backend}
        if backend == "redis" and self.role == "central":
            changes["url"] = held.url or self.redis_url or places.valkey_url(home)
        if backend == "database" and self.role == "central":
            changes["url"] = held.url or self.realms.get(CLUSTER) or places.postgres_url(home, CLUSTER)
        if backend == "files":
            changes["folder"] = home / (held.folder or "cache")
        return held.model_copy(update=changes)

    @property
    def embedded_realms(self) -> tuple[str, ...]:
        """The realms that live in this node's own PostgreSQL."""
        return self._embedded_realms

    @property
    def is_redis_embedded(self) -> bool:
        return self._is_redis_embedded

    def with_realm(self, realm: str, url: str) -> Config:
        """The same settings, with a realm at another address: it has moved while this process runs."""
        cache = self.cache
        if cache.backend == "database" and realm == CLUSTER and cache.url == self.realms[CLUSTER]:
            cache = cache.model_copy(update={"url": url})
        changed = self.model_copy(update={"realms": {**self.realms, realm: url}, "cache": cache})
        changed._embedded_realms = tuple(one for one in self._embedded_realms if one != realm)
        return changed

    def rate_limit(self, name: str) -> str:
        """How often something may be asked for, "600/minute"; "" when it is not limited."""
        text = self.limits.get(name, RATE_LIMITS[name])
        return "" if text == OFF else text

    @property
    def id_origin(self) -> str:
        """Where shoppers sign in: a host of its own, else central's."""
        return self.id_url or self.base_url

    @property
    def keys_dir(self) -> Path:
        return self.home / "keys"

    @property
    def edge_database(self) -> Path:
        """The one SQLite file of an edge."""
        return self.home / "data" / "edge.sqlite3"


def load(home: Path) -> Config:
    """Read `home`'s settings. Raises `ConfigWrong` with every problem at once."""
    file = home / FILE_NAME
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigWrong(
            home, [f"there is no {FILE_NAME}: make a node here with `rialto init central` or `rialto init edge`"]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigWrong(file, [f"it is not readable as TOML: {error}"]) from error
    return build(file, {**written, "home": home})


def build(where: Path | str, values: Mapping[str, Any]) -> Config:
    """Check `values` together with the environment. Raises `ConfigWrong`."""
    problems: list[str] = []
    made: Config | None = None
    try:
        made = Config(**values)
    except ValidationError as error:
        problems = [_problem(dict(found)) for found in error.errors(include_url=False)]
    problems += _misplaced(values)
    if made is not None and not made.secret_key:
        problems.append(f"secret_key: is missing; {HINTS['secret_key']}")
    if problems or made is None:
        raise ConfigWrong(where, problems)
    return made


def _problem(found: dict[str, Any]) -> str:
    path = [str(part) for part in found["loc"]]
    name = path[0] if path else ""
    if found["type"] == "extra_forbidden":
        return f"{'.'.join(path)}: no such setting; remove it, or see `rialto doctor --settings` for the names"
    what = "is missing" if found["type"] == "missing" else str(found["msg"]).removeprefix("Value error, ")
    return f"{'.'.join(path)}: {what[0].lower()}{what[1:]}; {HINTS.get(name, 'correct it')}"


def _misplaced(values: Mapping[str, Any]) -> list[str]:
    """Settings that are right by themselves and wrong for this role."""
    role = os.environ.get("RIALTO_ROLE", values.get("role"))
    if role == "edge":
        names = ("realms", "redis_url", "id_url", "web_workers", "keys")
        return [f"{name}: an edge has none; remove it" for name in names if values.get(name)] + _edge_cache(values)
    return ["link_url: central dials nobody; remove it"] if role == "central" and values.get("link_url") else []


def _edge_cache(values: Mapping[str, Any]) -> list[str]:
    """What an edge's cache cannot be. The environment overrules the file here too."""
    written = values.get("cache")
    held = written if isinstance(written, Mapping) else {}
    backend = os.environ.get("RIALTO_CACHE__BACKEND", held.get("backend", ""))
    url = os.environ.get("RIALTO_CACHE__URL", held.get("url", ""))
    if backend == "database":
        return ["cache.backend: an edge's one database is for carts and orders; write memory, files, redis or none"]
    if backend == "redis" and not url:
        return ['cache.url: is missing; an edge has no Redis of its own: write url = "redis://host:port/0"']
    if url and not backend:
        return ['cache.url: belongs to backend = "redis"; write that too, or remove it']
    return []


_current: Config | None = None


def home_dir() -> Path:
    """The home of the node this process speaks for: RIALTO_HOME, else the current directory."""
    return Path(os.environ.get("RIALTO_HOME") or ".").resolve()


def config() -> Config:
    """This node's settings, read once. Raises `ConfigWrong`."""
    global _current
    if _current is None:
        _current = load(home_dir())
    return _current


def is_known() -> bool:
    """Whether `config()` has been read or installed."""
    return _current is not None


def install(settings: Config | None) -> None:
    """Make `settings` what `config()` returns; `None` forgets, so that the next call reads again."""
    global _current
    _current = settings


@contextmanager
def overridden(**changes: Any) -> Iterator[Config]:
    """For tests: `config()` with some values changed, for the length of a block."""
    before = config()
    changed = before.model_copy(update=changes)
    install(changed)
    try:
        yield changed
    finally:
        install(before)
