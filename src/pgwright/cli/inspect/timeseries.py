"""`pgwright inspect hypertables` and `chunks`: time series and their pieces, whoever keeps them."""

from __future__ import annotations

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import command, pass_invocation
from pgwright.cli.output import size

_TIMEOUT = 30.0  # seconds for a statement


@command("hypertables")
@pass_invocation
def hypertables(invocation: Invocation) -> None:
    """Show time series, partitioned tables and hypertables alike: pieces, range, rows, size.

    Example: pgwright inspect hypertables
    """
    from pgwright.timeseries.chunks import holdings

    with invocation.connect(autocommit=True, statement_timeout=_TIMEOUT) as conn:
        found = holdings(conn)
    out = invocation.output

    def render() -> None:
        if not found:
            out.line("no time series; tables become one by declaration: pgwright policy plan")
            return
        out.table(
            ("table", "kept in", "by", "each", "pieces", "ahead", "from", "to", "rows", "size"),
            [
                (
                    h.table,
                    h.engine,
                    h.column,
                    h.interval,
                    h.chunks,
                    h.ahead,
                    h.first,
                    h.last,
                    _rows(h.rows),
                    size(h.bytes),
                )
                for h in found
            ],
        )

    out.result(found, render)


@command("chunks")
@click.argument("table", required=False)
@click.option(
    "--limit", type=click.IntRange(min=0), default=20, show_default=True, help="Show so many; 0 shows all."
)
@pass_invocation
def chunks(invocation: Invocation, table: str | None, limit: int) -> None:
    """Show the pieces of TABLE, or of all time series, newest first: ranges, rows, size, compression.

    Example: pgwright inspect chunks public.readings --limit 0
    """
    from pgwright.timeseries.chunks import newest_chunks

    with invocation.connect(autocommit=True, statement_timeout=_TIMEOUT) as conn:
        found = newest_chunks(conn, table, limit=limit or None)
    out = invocation.output

    def render() -> None:
        if not found.chunks:
            what = f"{table} is no time series, or has no pieces" if table else "there are no time series"
            out.line(f"{what}; see: pgwright inspect hypertables")
            return
        words = {True: "compressed", False: "as written", None: None}
        out.table(
            ("piece", "of", "from", "to", "rows", "size", "state"),
            [
                (c.name, c.table, c.start, c.end, _rows(c.rows), size(c.bytes), words[c.compressed])
                for c in found.chunks
            ],
        )
        if found.more:
            out.remark(f"{found.more} more; show all with --limit 0")

    out.result(found.chunks, render)


def _rows(known: int | None) -> int | str:
    return "unknown" if known is None else known
