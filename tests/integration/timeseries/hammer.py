"""Many writers at once, for a while: what a rollup has to survive."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg

SCHEMA = """
CREATE TABLE readings (
    sensor_id integer NOT NULL,
    at timestamptz NOT NULL,
    value numeric NOT NULL,
    PRIMARY KEY (sensor_id, at)
)
"""

_TRANSIENT = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.UniqueViolation,
    psycopg.errors.SerializationFailure,
)


@dataclass
class Hammer:
    """Write to ``readings`` from `writers` connections until `seconds` have passed.

    Moments lie within `days` before now; `moves` lets rows change partitions. Errors that concurrent writers
    bring upon each other are part of it; any other ends up in `errors`.
    """

    url: str
    seconds: float
    writers: int = 8
    days: int = 6
    moves: bool = True
    seed: int = 0
    statements: int = 0
    errors: list[BaseException] = field(default_factory=list)

    def run(self, beside: Callable[[], None]) -> None:
        """Hammer, and call `beside` again and again meanwhile."""
        end = time.monotonic() + self.seconds
        threads = [
            threading.Thread(target=self._write, args=(random.Random(self.seed + n), end))  # noqa: S311
            for n in range(self.writers)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            beside()
        for thread in threads:
            thread.join()

    def _write(self, dice: random.Random, end: float) -> None:
        with psycopg.connect(self.url) as conn:
            while time.monotonic() < end:
                try:
                    for _ in range(dice.randint(1, 3)):
                        self._statement(conn, dice)
                        self.statements += 1
                    if dice.random() < 0.3:
                        time.sleep(dice.random() * 0.05)
                    if dice.random() < 0.2:
                        conn.rollback()
                    else:
                        conn.commit()
                except _TRANSIENT:
                    conn.rollback()
                except psycopg.errors.InternalError_ as exc:
                    # TimescaleDB's TRUNCATE drops chunks that another session is about to write to.
                    conn.rollback()
                    if "could not open relation" not in str(exc):
                        self.errors.append(exc)
                        return
                except psycopg.errors.CheckViolation as exc:
                    # No partition (any more) for so old a row: a refusal that says so, never a lost row.
                    conn.rollback()
                    if "partition" not in str(exc) and "pgwright_retired" not in str(exc):
                        self.errors.append(exc)
                        return
                except BaseException as exc:
                    self.errors.append(exc)
                    return

    def _moment(self, dice: random.Random) -> datetime:
        now = datetime.now(UTC).replace(microsecond=0)
        return now - timedelta(seconds=dice.randint(0, self.days * 86400))

    def _statement(self, conn: psycopg.Connection, dice: random.Random) -> None:
        sensor, at, other = dice.randint(1, 4), self._moment(dice), self._moment(dice)
        low, high = min(at, other), max(at, other)
        match dice.randint(0, 20):
            case 0 | 1 | 2 | 3 | 4 | 5:
                conn.execute("INSERT INTO readings VALUES (%s, %s, %s)", (sensor, at, dice.randint(0, 99)))
            case 6 | 7 | 8:
                conn.execute(
                    "INSERT INTO readings VALUES (%s, date_trunc('hour', %s::timestamptz), %s) "
                    "ON CONFLICT (sensor_id, at) DO UPDATE SET value = readings.value + EXCLUDED.value",
                    (sensor, at, dice.randint(0, 99)),
                )
            case 9 | 10 | 11:
                with conn.cursor().copy("COPY readings FROM STDIN") as copy:
                    for n in range(30):
                        copy.write_row(
                            (sensor + 10, at + timedelta(seconds=n, microseconds=dice.randint(1, 999999)), n)
                        )
            case 12 | 13:
                conn.execute(
                    "UPDATE readings SET value = value + 1 WHERE sensor_id = %s AND at > %s", (sensor, high)
                )
            case 14 | 15 if self.moves:
                # Rows move from one partition to another.
                conn.execute(
                    "UPDATE readings SET at = at + interval '1 day' "
                    "WHERE sensor_id = %s AND at BETWEEN %s AND %s "
                    "AND at < now() - interval '1 day'",
                    (sensor, low, low + timedelta(hours=2)),
                )
            case 16 | 17 | 18:
                conn.execute(
                    "DELETE FROM readings WHERE sensor_id = %s AND at BETWEEN %s AND %s",
                    (sensor, low, low + timedelta(hours=3)),
                )
            case 19:
                conn.execute("SAVEPOINT s")
                conn.execute("DELETE FROM readings WHERE sensor_id = %s", (sensor,))
                conn.execute("ROLLBACK TO s")
            case _:
                if dice.random() < 0.1:
                    conn.execute("TRUNCATE readings")
