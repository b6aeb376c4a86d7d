"""`rialto keys ...` on central: list, add, rotate, retire, check."""

from __future__ import annotations

import getpass
import json
import time
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="Encryption keys: list, add, rotate, retire, check.")

Json = Annotated[bool, typer.Option("--json", help="One line of JSON, last on stdout.")]
Kind = Annotated[str, typer.Argument(help="fields, index or sealing.")]


def _by() -> str:
    return f"cli:{getpass.getuser()}"


def _say(as_json: bool, data: dict[str, Any], *lines: str) -> None:
    if as_json:
        typer.echo(json.dumps(data))
    else:
        for line in lines:
            typer.echo(line)


@app.command("list", help="The keys there are, never the keys themselves.\n\nExample: rialto keys list")
def list_keys(as_json: Json = False) -> None:
    from central.keys import actions, queries

    found = queries.kinds()
    lines = [
        f"{kind.code}-{key.name:<4} mark {key.mark}  {'current' if key.is_current else 'old'}"
        + (f"  {kind.running.percent} % brought over" if kind.running and key.is_current else "")
        for kind in found
        for key in kind.keys
    ]
    data = {
        kind.code: [{"id": key.name, "mark": key.mark, "is_current": key.is_current} for key in kind.keys]
        for kind in found
    }
    if queries.has_recovery_here():
        lines.append("sealing-recovery lies on this machine: move it to a safe, its .pub stays.")
    _say(as_json, {"source": actions.source().kind, "keys": data}, f"from: {actions.source().kind}", *lines)


@app.command("add", help="Make the next key of a kind; it becomes the current one.\n\nExample: rialto keys add fields")
def add(kind: Kind, as_json: Json = False) -> None:
    """With keys out of the environment or a command it prints the line to put there, and changes nothing."""
    from central.keys import actions

    made = actions.add(kind, by=_by())
    data = {"kind": kind, "id": made.name, "line": made.line}
    if made.line:
        _say(as_json, data, "Put this where your keys come from; it is shown this once:", made.line,
             f"Then: rialto keys rotate {kind}")  # fmt: skip
    else:
        _say(as_json, data, f"{kind}-{made.name} is the current key. Keep a copy of keys/ away from the machine.",
             f"Next: rialto keys rotate {kind}")  # fmt: skip


@app.command("rotate", help="Bring everything under the current key.\n\nExample: rialto keys rotate fields --wait")
def rotate(
    kind: Kind,
    wait: Annotated[bool, typer.Option(help="Do it now, in this process, and show how far it is.")] = False,
    as_json: Json = False,
) -> None:
    """The node goes on serving. A worker does it; `--wait` does it here, on a node that is not running too."""
    from rich.console import Console

    from central.keys import actions
    from central.keys.models import KeyStep
    from node.errors import Refused
    from node.realms import CLUSTER
    from sync.events import run_job
    from sync.store.jobs.models import Job

    step = actions.begin(kind, by=_by())
    if wait:
        job = Job.objects.using("default").get(key=f"{actions.JOB}:{step.pk}")
        with Console(stderr=True).status("bringing values over") as status:
            while KeyStep.objects.get(pk=step.pk).state == KeyStep.State.RUNNING:
                run_job(CLUSTER, job.pk)  # nothing when a worker has it
                step.refresh_from_db()
                job.refresh_from_db()
                if job.state in (Job.State.FAILED, Job.State.GIVEN_UP) or (job.last_error and job.attempts > 2):
                    raise Refused(f"it does not get on: {job.last_error}; the job is tried again by the node's workers")
                status.update(f"{step.done} of {step.total} {step.place}")
                time.sleep(0.2)
    step.refresh_from_db()
    data = {"step": step.pk, "kind": kind, "state": step.state, "total": step.total, "done": step.done,
            "left": step.left}  # fmt: skip
    if step.state == KeyStep.State.RUNNING:
        _say(as_json, data, "A worker brings everything over. See: rialto keys list")
    else:
        _say(as_json, data, f"{step.done} values brought over, {step.left} left.",
             f"Next: rialto keys retire {kind} ID")  # fmt: skip


@app.command("retire", help="Take an old key away once nothing needs it.\n\nExample: rialto keys retire fields 1")
def retire(kind: Kind, name: Annotated[str, typer.Argument(help="The key's number.")], as_json: Json = False) -> None:
    """Every table is looked through first. A key file goes to keys/retired: older backups may need it."""
    from central.keys import actions

    actions.retire(kind, name, by=_by())
    where = "It lies in keys/retired" if actions.source().can_make else "Take it out of where your keys come from"
    _say(as_json, {"kind": kind, "id": name, "retired": True},
         f"{kind}-{name} is retired. {where}; destroy it with the last backup that needs it.")  # fmt: skip


@app.command("check", help="Compare the keys with what each realm was written with.\n\nExample: rialto keys check")
def check(as_json: Json = False) -> None:
    """Exit 1 when a key is wrong or missing."""
    from infra.crypto.checks import problems_at_start
    from node.config import config

    problems = problems_at_start(config())
    _say(as_json, {"problems": problems}, *(problems or ["The keys are those that the databases were written with."]))
    if problems:
        raise typer.Exit(1)
