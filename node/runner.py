"""`rialto run`: one node under one supervisor."""

from __future__ import annotations

import asyncio
from importlib import import_module

from node import embedded, places, reachable, supervise, templates
from node.config import Config, load
from node.errors import Refused
from node.migrate import is_current
from node.realm_names import CENTRAL_REALMS
from node.supervise import Program, Supervisor, Tell

READY_SECONDS = 60.0
#: by name: node/ imports nothing of the house
KEY_CHECK = "infra.crypto.checks"


async def run_node(settings: Config, tell: Tell) -> None:
    """Serve until SIGINT or SIGTERM. Raises `Locked`, `NotAnswering`, `ServerFailed`, `Refused`."""
    with embedded.node_lock(settings.home):
        if not reachable.port_is_free(settings.bind_host, settings.bind_port):
            raise Refused(
                f"port {settings.bind_port} of {settings.bind_host} is taken by another program: "
                "stop it, or set bind_port in rialto.toml"
            )
        supervisor = Supervisor(tell)
        supervisor.heed_signals()
        try:
            settings = await prepare(settings, supervisor)
            for program in supervise.programs_of(settings):
                supervisor.run(program)
            await _say_ready(settings, supervisor, tell)
            await supervisor.until_told()
        finally:
            tell("stopping")
            await supervisor.stop()


async def prepare(settings: Config, supervisor: Supervisor, *, say: Tell = lambda line: None) -> Config:
    """Servers up, databases there and migrated. Returns the settings as they are then, with the servers' addresses."""
    templates.copy_into(settings.home)
    if settings.embedded_realms:
        places.make_secret(settings.home, "postgres_password")
    settings = load(settings.home)  # the URLs hold the password, which may have been made just now
    if settings.role == "central":
        await start_servers(settings, supervisor)
        if problems := await asyncio.to_thread(reachable.problems_of, settings):
            raise reachable.NotAnswering(problems)
    if settings.role == "central":
        await asyncio.to_thread(_refuse_wrong_keys, settings)
    if not is_current(settings):
        say("bringing the databases to this version")
        migrating = supervise.python("-m", "node.cli", "migrate")
        log = settings.home / "logs" / "migrate.log"
        await supervisor.once(Program("migrate", migrating, supervise.environment(settings), log=log))
    if settings.role == "central":
        await asyncio.to_thread(import_module(KEY_CHECK).mark_at_start, settings)
    return settings


def _refuse_wrong_keys(settings: Config) -> None:
    """Raises `NotAnswering`: nothing is written with a key that is not the databases' own."""
    if problems := key_problems(settings):
        raise reachable.NotAnswering(problems)


def key_problems(settings: Config) -> list[str]:
    """What is wrong with central's keys: a sentence for each that lacks or is not the databases' own."""
    problems: list[str] = import_module(KEY_CHECK).problems_at_start(settings)
    return problems


async def start_servers(settings: Config, supervisor: Supervisor) -> None:
    """Start what is embedded and wait until it answers. Raises `ServerFailed`."""
    if settings.embedded_realms:
        server = embedded.Postgres(settings.home)
        server.make(CENTRAL_REALMS)
        supervisor.serve(server)
    if settings.is_redis_embedded:
        supervisor.serve(embedded.Valkey(settings.home))
    await supervisor.servers_ready()


async def _say_ready(settings: Config, supervisor: Supervisor, tell: Tell) -> None:
    async def healthy() -> bool:
        status, _ = await supervise.answers(settings.bind_port, supervise.HEALTH[settings.role])
        return status == 200

    if await supervise.wait_until(healthy, seconds=READY_SECONDS, supervisor=supervisor):
        tell(f"ready: {settings.base_url} (Ctrl-C stops)")
    elif not supervisor.is_leaving:
        tell(f"not answering after {READY_SECONDS:.0f} s; still trying. `rialto doctor` may say why")
