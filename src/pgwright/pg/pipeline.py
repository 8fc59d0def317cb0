"""Queries that are sent together, while their results are taken one after the other.

The server works on the next query while the rows of the last become objects, and a distant one is asked
once instead of forty times. psycopg's own pipeline waits for all results when the first is fetched.

A small database takes four times as long to plan such queries as to run them. Where a session leads straight
to its server, with no pooler between, `keep_plans` lets the server plan each but once.
"""

from __future__ import annotations

import itertools
import select
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import ClientCursor, Connection, errors, sql
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus, abc

# Of each session that keeps plans: the texts that were prepared there, and under which names.
_KEPT: WeakKeyDictionary[Connection[Any], dict[str, str]] = WeakKeyDictionary()
_NUMBERS = itertools.count(1)


def keep_plans(conn: Connection[Any]) -> None:
    """Let the server plan queries of later pipelines once for the whole session.

    Only for databases whose size stays about what it is when they are first asked, and for sessions that
    no pooler hands from server to server.
    """
    conn.prepare_threshold = None
    _KEPT.setdefault(conn, {})


class Results:
    """Hold the results of queries that are under way; each can be taken once."""

    def __init__(self, conn: Connection[Any], names: Iterator[str]) -> None:
        self._conn = conn
        self._names = names
        self._arrived: dict[str, list[Any]] = {}

    def take(self, name: str) -> list[Any]:
        """Return the rows of a query as named tuples; wait until it has run. Raises psycopg's errors."""
        while name not in self._arrived:
            self._arrived[next(self._names)] = self._rows()
        return self._arrived.pop(name)

    def _rows(self) -> list[Any]:
        pgconn = self._conn.pgconn
        result = _next_result(pgconn)
        assert result is not None
        if result.status != ExecStatus.TUPLES_OK:
            raise errors.error_from_result(result, encoding=self._conn.info.encoding)
        end = _next_result(pgconn)
        assert end is None
        reader = Transformer(self._conn)
        reader.set_pgresult(result)
        columns = tuple((result.fname(i) or b"").decode() for i in range(result.nfields))
        return reader.load_rows(0, result.ntuples, _row(columns))


@contextmanager
def pipeline(
    conn: Connection[Any], queries: Mapping[str, str], parameters: Mapping[str, Any]
) -> Iterator[Results]:
    """Send named queries, all with the same parameters, and yield their results to come.

    Nothing else may run on the connection meanwhile. Needs a transaction: one that fails takes the others
    along.
    """
    pgconn = conn.pgconn
    cursor = ClientCursor(conn)
    texts = [cursor.mogrify(query.encode(), parameters) for query in queries.values()]
    prepared = _prepared(conn, texts)
    pgconn.enter_pipeline_mode()
    try:
        for text in texts:
            if text in prepared:
                pgconn.send_query_prepared(prepared[text].encode(), None)
            else:
                pgconn.send_query_params(text.encode(), None)
            # Otherwise the server keeps a short result until its buffer is full.
            pgconn.send_flush_request()
        _flush(pgconn)
        yield Results(conn, iter(queries))
    finally:
        if pgconn.status == ConnStatus.OK:
            _leave(pgconn)


def _prepared(conn: Connection[Any], texts: list[str]) -> Mapping[str, str]:
    """Return the names of prepared statements by their texts, made now; none where no plans are kept."""
    kept = _KEPT.get(conn)
    if kept is None:
        return {}
    # The driver may have thrown away all of the session's, to get rid of its own.
    there = {name for (name,) in conn.execute("SELECT name FROM pg_catalog.pg_prepared_statements")}
    for text in [text for text, name in kept.items() if name not in there]:
        del kept[text]
    if kept.keys() >= set(texts):
        return kept
    # One set at a time: other schemas make other texts, and each plan takes its place on the server.
    for name in kept.values():
        conn.execute(sql.SQL("DEALLOCATE {}").format(sql.Identifier(name)))
    kept.clear()
    for text in texts:
        name = f"pgwright_{next(_NUMBERS)}"
        result = conn.pgconn.prepare(name.encode(), text.encode())
        if result.status != ExecStatus.COMMAND_OK:
            raise errors.error_from_result(result, encoding=conn.info.encoding)
        kept[text] = name
    return kept


def _leave(pgconn: abc.PGconn) -> None:
    """Pass over what was not taken, and return to one query after the other."""
    pgconn.pipeline_sync()
    _flush(pgconn)
    while pgconn.status == ConnStatus.OK:
        result = _next_result(pgconn)
        if result is not None and result.status == ExecStatus.PIPELINE_SYNC:
            pgconn.exit_pipeline_mode()
            return


def _flush(pgconn: abc.PGconn) -> None:
    """Send what is waiting; the server may need its results to be taken before it reads on."""
    while pgconn.flush():
        readable, _, _ = select.select([pgconn.socket], [pgconn.socket], [])
        if readable:
            pgconn.consume_input()


def _next_result(pgconn: abc.PGconn) -> abc.PGresult | None:
    while pgconn.is_busy():
        select.select([pgconn.socket], [], [])
        pgconn.consume_input()
    return pgconn.get_result()


@cache
def _row(columns: tuple[str, ...]) -> Callable[[Any], Any]:
    row: Any = namedtuple("Row", columns)  # type: ignore[misc]
    make: Callable[[Any], Any] = row._make
    return make
