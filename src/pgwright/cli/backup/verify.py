"""`pgwright backup verify`."""

from __future__ import annotations

from typing import Any

import click

from pgwright.cli.backup.engine import print_verdict
from pgwright.cli.backup.repository import (
    engine_option,
    is_theirs,
    only_theirs,
    repository_of,
    repository_options,
)
from pgwright.cli.context import Invocation
from pgwright.cli.group import Command
from pgwright.cli.output import size
from pgwright.model.wording import counted


@click.command("verify", cls=Command)
@click.argument("backups", nargs=-1, metavar="[BACKUP]...")
@engine_option
@repository_options
@click.pass_context
def verify(
    ctx: click.Context,
    *,
    backups: tuple[str, ...],
) -> None:
    """Read backups whole and compare every byte; exit code 1 when one is damaged, or none is there.

    Without BACKUP: all of them, and the archived WAL with its gaps. Encrypted ones are also decrypted
    and decompressed where the key is at hand, and base backups unpacked for pg_verifybackup, where the
    disk has room for that.

    Example: pgwright backup verify latest
    """
    from pgwright.backup.verify import verify_repository, verify_wal  # noqa: PLC0415
    from pgwright.cli.progress import bars  # noqa: PLC0415

    invocation = ctx.ensure_object(Invocation)
    theirs, own = _theirs(invocation, backups)
    sound = not theirs or (theirs["backups"] and not theirs["problems"])
    if only_theirs(invocation):
        invocation.output.result(theirs, lambda: print_verdict(invocation, **theirs))
        ctx.exit(0 if sound else 1)
    found = repository_of(invocation)
    chosen = [found.get(id) for id in own] if backups else found.backups()
    with bars(invocation.output) as shown:
        verdicts = list(verify_repository(found, chosen, progress=shown.update))
        wal = () if backups else verify_wal(found, progress=shown.update)
    foreign, marker = found.foreign(), found.marker_flaw()
    out = invocation.output

    def render() -> None:
        if not verdicts and not theirs:
            out.line(f"no backups in {found.url} yet; make one with: pgwright backup create")
        for verdict in verdicts:
            if verdict.problems:
                what = "every byte is as written, but the KEY DOES NOT FIT" if verdict.locked else "DAMAGED"
                out.line(f"{verdict.id}: {what}", style="red")
                for problem in verdict.problems:
                    out.line(f"  {problem}")
            else:
                how = "" if verdict.opened else "; not opened, because the key is not here"
                out.line(f"{verdict.id}: whole, {size(verdict.size)}{how}")
            for note in verdict.notes:
                out.line(f"  {note}")
        for problem in (*wal, *filter(None, (marker,))):
            out.line(problem, style="red")
        if foreign:
            names = ", ".join(foreign[:5])
            out.line(f"left alone, {counted(len(foreign), 'file')} of no finished backup: {names}")

        if theirs:
            print_verdict(invocation, **theirs)

    facts = {"repository": found.url, "backups": verdicts, "wal": wal, "foreign": foreign, "marker": marker}
    out.result({**facts, **({"pgbackrest": theirs} if theirs else {})}, render)
    if (
        not (verdicts or theirs)
        or not sound
        or wal
        or marker
        or any(verdict.problems for verdict in verdicts)
    ):
        ctx.exit(1)


def _theirs(invocation: Invocation, named: tuple[str, ...]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return pgBackRest's backups with what is wrong there, and those that are named and not its own.

    It always reads all that it has. Nothing is returned where it is not the engine, or none of its is named.
    """
    from pgwright.backup import engine  # noqa: PLC0415
    from pgwright.backup.pgbackrest.backups import find, verify  # noqa: PLC0415

    if not is_theirs(invocation):
        return {}, named
    place, made = engine.project_stanza(invocation.project), engine.their_backups(invocation.project)
    known = {one.id for one in made}
    own = tuple(id for id in named if id not in known)
    if only_theirs(invocation):
        for id in own:
            find(place, id)
    elif named and len(own) == len(named):
        return {}, named
    gaps = (f"WAL is missing: {gap}" for gap in engine.wal_state(invocation.project).gaps)
    return {"backups": made, "problems": (*verify(place), *gaps)}, own
