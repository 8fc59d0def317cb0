"""`pgwright policy archives` and `restore`: pieces of time series that were retired into an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import command, pass_invocation
from pgwright.cli.output import size
from pgwright.errors import UsageError
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.timeseries.archive import Archived

_PLACE = click.option(
    "--from", "place", metavar="URL", help="The archive, where no declaration names it (any more)."
)


@command("archives")
@click.argument("table", required=False)
@_PLACE
@pass_invocation
def archives(invocation: Invocation, table: str | None, place: str | None) -> None:
    """List the archived pieces of TABLE, or of all tables whose retention archives them.

    Example: pgwright policy archives public.readings
    """
    found, out = _found(invocation, table, place), invocation.output

    def render() -> None:
        if not found:
            out.line("nothing is archived; declare Retain(..., archive=...), then: pgwright policy run")
            return
        out.table(
            ("table", "piece", "from", "to", "rows", "size", "archived"),
            [
                (a.table, a.piece, a.first, a.last, a.rows, size(a.size), f"{a.made_at:%Y-%m-%d %H:%M}")
                for a in found
            ],
        )

    out.result([{**_facts(a), "columns": dict(a.columns)} for a in found], render)


@command("restore")
@click.argument("table")
@click.argument("piece")
@click.option("--as", "name", metavar="NAME", help="Name of the new table. Default: that of the piece.")
@_PLACE
@pass_invocation
def restore(invocation: Invocation, table: str, piece: str, name: str | None, place: str | None) -> None:
    """Bring an archived PIECE of TABLE back, as a table of its own beside it, and prove that it is whole.

    It is no part of TABLE again, whose retention would only retire it anew.

    Example: pgwright policy restore public.readings readings_p2024_01 --as january
    """
    from pgwright.pg.quoting import Name
    from pgwright.timeseries.archive import restore_piece

    found = _places(invocation, table, place, piece=piece)
    if not found:
        raise UsageError(
            f"no piece {piece} of {table} is archived",
            detail="nothing was changed",
            hint=f"see which there are: pgwright policy archives {table}",
        )
    url, archived = found[0]
    schema, _, own = (name or piece).rpartition(".")
    into = Name(schema or archived.table.partition(".")[0], own)
    invocation.state_left = "the new table is not there; run the same command again"
    out, shown = invocation.output, into.as_string()
    with invocation.connect(autocommit=True) as conn:
        if conn.execute("SELECT to_regclass(%s)", (shown,)).fetchone() != (None,):
            raise UsageError(
                f"{shown} is there already",
                detail="nothing was changed",
                hint=f"choose another name: pgwright policy restore {table} {piece} --as NAME",
            )
        rows = restore_piece(conn, url, archived, into)
    out.result(
        {"table": shown, "rows": rows},
        lambda: out.line(f"{shown} holds {counted(rows, 'row')}, which are those that were archived"),
    )


def _facts(archived: Archived) -> dict[str, object]:
    import msgspec

    return {k: v for k, v in msgspec.to_builtins(archived).items() if k != "ways"}


def _found(invocation: Invocation, table: str | None, place: str | None) -> tuple[Archived, ...]:
    return tuple(archived for _, archived in _places(invocation, table, place))


def _places(
    invocation: Invocation, table: str | None, place: str | None, *, piece: str | None = None
) -> tuple[tuple[str, Archived], ...]:
    """Return the archived pieces with their archives: the one that is named, or those of the declarations."""
    from pgwright.timeseries.archive import archives as read
    from pgwright.timeseries.records import declarations

    if place is not None:
        return tuple(
            (place, a)
            for a in read(place, piece=piece)
            if table in (None, a.table, a.table.partition(".")[2])
        )
    with invocation.connect(autocommit=True) as conn:
        kept = declarations(conn).of("retention")
    chosen = [r for r in kept if r.definition.get("archive") and table in (None, r.table.path, r.table_name)]
    return tuple(
        (r.definition["archive"], a)
        for r in chosen
        for a in read(r.definition["archive"], r.table.path, piece=piece)
    )
