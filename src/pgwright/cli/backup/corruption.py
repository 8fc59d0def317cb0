"""`pgwright backup corruption`."""

from __future__ import annotations

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import Command
from pgwright.model.wording import counted


@click.command("corruption", cls=Command)
@click.option("--install", is_flag=True, help="Create the extension amcheck where it is missing.")
@click.pass_context
def corruption(ctx: click.Context, *, install: bool) -> None:
    """Read every table and index for damage, and say what to do next; exit code 1 when there is some.

    Pages are compared with their checksums, and each row is looked up in the indexes of its table. Nothing
    is locked that writers need; it reads the whole database. Without checksums a damaged page can crash the
    server, here as in any query.

    Example: pgwright backup corruption --install
    """
    from pgwright.backup.corruption import examine_database  # noqa: PLC0415
    from pgwright.cli.progress import bars  # noqa: PLC0415

    invocation = ctx.ensure_object(Invocation)
    out = invocation.output
    with bars(out) as shown:
        shown.note("reading all tables and indexes")
        found = examine_database(invocation.database.url, install=install, progress=shown.update)

    def render() -> None:
        for damage in found.damages:
            out.line(f"{damage.kind} {damage.name} is damaged: {damage.words}", style="red")
            out.line(f"  {damage.remedy}")
        if found.failures:
            out.line(
                f"{counted(found.failures, 'failed checksum')} of pages since statistics were reset: look at "
                "the storage first; once all is mended: SELECT pg_stat_reset()",
                style="red",
            )
        if found.crashed:
            out.line(
                "the server crashed over the last of these, and what comes after it was not read: mend it, "
                "then look again",
                style="red",
            )
        if found.is_sound:
            out.line("no damage found")
        if not found.checksums:
            out.line("pages carry no checksums: damage on the disk shows late; turn them on while the server")
            out.line("is stopped: pg_checksums --enable -D DATA_DIRECTORY")

    out.result(found, render)
    if not found.is_sound:
        ctx.exit(1)
