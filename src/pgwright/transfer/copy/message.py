"""What the coordinator and its workers say to each other: one JSON object a line."""

from __future__ import annotations

import msgspec


class Start(msgspec.Struct, kw_only=True):
    """Tell a worker where it works. Passwords come this way, never by arguments or environment.

    `begin` are the statements that open the source's transaction on `snapshot`; `lock_timeout` is in
    seconds, `rate` in bytes a second, 0 for no limit; `run` is the run in the target's ledger.
    """

    source: str
    target: str
    snapshot: str
    begin: tuple[str, ...]
    run: str
    lock_timeout: float
    rate: float = 0


class Task(msgspec.Struct, kw_only=True):
    """Tell a worker one part: the rows that `query` gives go into `columns` of a table.

    `item` and `part` are what the ledger marks as done in the same transaction. `first` are statements that
    the target runs before, `last` after, within it. `freeze` is COPY's.
    """

    item: str
    part: int
    query: str
    schema: str
    table: str
    columns: tuple[str, ...]
    format: str
    freeze: bool = False
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()


class Report(msgspec.Struct, kw_only=True):
    """Tell the coordinator how far a task is: `bytes` moved; `rows` once it is done.

    `error` says why it failed, with nothing of the part left in the target.
    """

    bytes: int = 0
    rows: int | None = None
    error: str | None = None
    sqlstate: str | None = None
