"""Restore a backup for the sake of knowing that it can be restored, and write down how that went."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime

from pgwright.backup.drill.dump import restored
from pgwright.backup.drill.record import Drill, record
from pgwright.backup.drill.server import recovered_base, recovered_source
from pgwright.backup.drill.trial import DrillOptions, Inspect, Trial
from pgwright.backup.recover.recover import Source
from pgwright.backup.repository.manifest import Manifest
from pgwright.backup.repository.repository import Repository
from pgwright.backup.restore.load import Progress
from pgwright.errors import ExtensionMissingError, PgwrightError, UnsupportedServerError, WrongKey
from pgwright.pg.connect import connect
from pgwright.pg.redact import redact


def drill(
    repository: Repository,
    backup: Manifest,
    options: DrillOptions,
    *,
    inspect: Inspect | None = None,
    progress: Progress | None = None,
) -> Drill:
    """Restore a backup, look at it with the queries and with `inspect`, throw it away, record the outcome.

    A restore that fails, or cannot be tried for what is lacking here, is an outcome and not an error; errors
    of the repository itself are raised, and `WrongKey`.
    """
    place = recovered_base if backup.is_physical else restored
    trial = place(repository, backup, options, progress)
    return _held(repository, _begun(backup.id, backup.database), trial, options, inspect)


def drill_source(
    repository: Repository,
    source: Source,
    id: str,
    options: DrillOptions,
    *,
    inspect: Inspect | None = None,
    progress: Progress | None = None,
) -> Drill:
    """Do the same with backup `id` of another program, which `source` gets the server's files from."""
    trial = recovered_source(source, options, progress)
    return _held(repository, _begun(id, None), trial, options, inspect)


def _begun(id: str, database: str | None) -> Drill:
    return Drill(backup=id, database=database, started_at=datetime.now(UTC), seconds=0, rows=0, tables=0)


def _held(
    repository: Repository,
    result: Drill,
    place: AbstractContextManager[Trial],
    options: DrillOptions,
    inspect: Inspect | None,
) -> Drill:
    began = time.monotonic()
    try:
        with place as trial:
            result = replace(
                result,
                seconds=trial.seconds,
                rows=trial.rows,
                tables=trial.tables,
                problems=(
                    *trial.problems,
                    *_asked(trial.url, options.queries),
                    *(inspect(trial.url) if inspect else ()),
                ),
                notes=trial.notes,
            )
    except WrongKey:
        raise  # which says nothing about the backup
    except (UnsupportedServerError, ExtensionMissingError) as error:
        result = replace(result, prevented="; ".join(filter(None, (error.message, error.hint))))
    except PgwrightError as error:
        detail = f": {error.detail}" if error.detail else ""
        result = replace(
            result,
            seconds=time.monotonic() - began,
            problems=(redact(f"{error.message}{detail}")[:2000],),
        )
    record(repository, result)
    return result


def _asked(url: str, queries: Sequence[str]) -> Iterator[str]:
    import psycopg  # noqa: PLC0415

    with connect(url, autocommit=True) as conn:
        conn.execute("SET default_transaction_read_only = on")
        for query in queries:
            try:
                row = conn.execute(query.encode()).fetchone()
            except psycopg.Error as error:
                yield f"{query}: {error.diag.message_primary or error}"
                continue
            if not (row and row[0]):
                yield f"{query}: {row[0] if row else 'no row'}"
