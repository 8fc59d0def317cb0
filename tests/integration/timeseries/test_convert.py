"""A table in use becomes a time series, and plain again: nothing fails, nothing is lost, all survives."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgwright.diff.compare import compare
from pgwright.errors import ConversionDiffers, PolicyError, StatementError
from pgwright.model.catalog import Catalog
from pgwright.model.plan import Step
from pgwright.model.policy import POLICY_KINDS
from pgwright.sources.database import read_catalog
from pgwright.sources.workshop import Workshop
from pgwright.timeseries.chunks import chunks
from pgwright.timeseries.convert.proposal import Conversion, propose_conversion, propose_way_back
from pgwright.timeseries.convert.run import Converted, abandon, convert, unfinished
from pgwright.timeseries.run import run_policies
from tests.integration.cli.running import pgwright
from tests.integration.timeseries.converted import ROWS, SCHEMA

ROOT = Path(__file__).parents[3]
SPEC = "sqlalchemy:tests.integration.timeseries.converted:Base"
WORKSHOP = Workshop(root=ROOT)


def _prepare(url: str, *, key: str = ", at", rows: int = 4000) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        text = SCHEMA.format(key=key)
        if conn.info.server_version < 130000:
            # It knows neither publications of partitioned tables nor triggers before their rows.
            text = text.partition("CREATE PUBLICATION")[0]
            text = text.replace("BEFORE INSERT ON readings", "AFTER INSERT ON readings")
        conn.execute(text.encode())
        conn.execute(ROWS.format(rows=rows).encode())
        conn.execute("ANALYZE")


def _forwards(url: str) -> Conversion:
    return propose_conversion(url, SPEC, "readings", workshop=WORKSHOP)


def _catalog(url: str) -> Catalog:
    with psycopg.connect(url) as conn:
        return read_catalog(conn, source="test")


def rows_of(url: str) -> Counter[Any]:
    with psycopg.connect(url) as conn:
        return Counter(
            conn.execute("SELECT id, at, sensor_id, value, ticket, double FROM readings").fetchall()
        )


class Writers:
    """Write to ``readings`` and remember what was committed: each writer has ids of its own."""

    def __init__(self, url: str, count: int = 2) -> None:
        self.url, self.errors, self.slowest, self.writes = url, list[BaseException](), 0.0, 0
        self.rows: dict[int, tuple[Any, ...]] = {}
        self._lock, self._end = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(count)]

    def _write(self, number: int) -> None:
        dice, mine = random.Random(number), dict[int, tuple[Any, ...]]()  # noqa: S311
        try:
            with psycopg.connect(self.url, autocommit=True) as conn:
                while not self._end.is_set():
                    began = time.monotonic()
                    self._statement(conn, dice, mine)
                    time.sleep(0.002)
                    with self._lock:
                        self.slowest = max(self.slowest, time.monotonic() - began)
                        self.writes += 1
        except BaseException as exc:
            self.errors.append(exc)
        with self._lock:
            self.rows |= mine

    def _statement(self, conn: psycopg.Connection, dice: random.Random, mine: dict[int, Any]) -> None:
        some = dice.choice(list(mine)) if mine else 0
        chance = dice.random()
        if chance < 0.6 or not some:
            row = conn.execute(
                "INSERT INTO readings (at, sensor_id, value) VALUES (now() - %s * interval '1 hour', %s, %s) "
                "RETURNING id, at, sensor_id, value, ticket",
                (dice.randint(0, 3000), dice.randint(1, 20), dice.randint(0, 99)),
            ).fetchone()
            assert row is not None
            mine[row[0]] = row
        elif chance < 0.8:
            row = conn.execute(
                "UPDATE readings SET value = value + 1 WHERE id = %s "
                "RETURNING id, at, sensor_id, value, ticket",
                (some,),
            ).fetchone()
            assert row is not None
            mine[some] = row
        else:
            assert conn.execute("DELETE FROM readings WHERE id = %s", (some,)).rowcount == 1
            del mine[some]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._end.set()
            for thread in self._threads:
                thread.join()


def test_there_and_back_under_writers(engine: str) -> None:
    url = engine
    _prepare(url)
    before, kept = _catalog(url), rows_of(url)
    with psycopg.connect(url, autocommit=True) as conn:
        told: list[float] = []
        writers = Writers(url)
        with writers.at_work():
            conversion = _forwards(url)

            def tell(label: str, done: float, total: float | None) -> None:
                told.append(done)
                if label == "rows compared" and total:
                    assert _rows_read_by(url, conversion.exchange) == 0

            there = convert(url, conversion, tell=tell)
            time.sleep(0.2)
        assert writers.errors == []
        assert writers.writes > 50 and told
        require_rows(url, kept, writers)
        assert there.remaining == () and there.rows >= len(kept)
        # Every month has its piece at once, however old it is.
        pieces = chunks(conn, "readings")
        assert len([p for p in pieces if p.start]) >= 4
        # All that stood around the table does so still: only its form is another.
        changed = {(c.id.kind, c.id.name.name) for c in compare(before, _seen(_catalog(url)))}
        assert changed == {("table", "readings"), ("time_series", "time_series")}
        assert conn.execute("SELECT count(*) FROM busy").fetchone() == (20,)
        conn.execute("DELETE FROM sensors WHERE id = 20")
        assert conn.execute("SELECT count(*) FROM readings WHERE sensor_id = 20").fetchone() == (0,)
        conn.execute("INSERT INTO sensors VALUES (20)")
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            conn.execute("INSERT INTO readings (at, sensor_id) VALUES (now(), 99)")
    kept, writers = rows_of(url), Writers(url)
    with writers.at_work():
        back = convert(url, propose_way_back(url, "readings", workshop=WORKSHOP))
        time.sleep(0.2)
    assert writers.errors == []
    require_rows(url, kept, writers)
    assert back.remaining == ()
    assert compare(before, _catalog(url)) == ()
    assert unfinished(url) is None


def test_what_is_declared_anew_follows_the_exchange(engine: str, request: pytest.FixtureRequest) -> None:
    _prepare(engine, rows=4000)  # of twelve weeks
    spec = SPEC.replace(":Base", ":Declared")
    community = "community" in request.node.name
    if community:
        with pytest.raises(PolicyError, match="since it has row-level security"):
            propose_conversion(engine, spec, "readings", workshop=WORKSHOP)
    with psycopg.connect(engine, autocommit=True) as conn:
        conn.execute("ALTER TABLE readings DISABLE ROW LEVEL SECURITY")
        conn.execute("DROP TRIGGER counting ON readings")  # with it, no aggregate is continuous
    conversion = propose_conversion(engine, spec, "readings", workshop=WORKSHOP)
    waited_for = {step.subject.kind for step in conversion.exchange}
    assert not waited_for & {"compression", "rollup", "retention"}

    def stop(label: str, done: float, *_: Any) -> None:
        if (label, done) == ("steps afterwards", 3):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(engine, conversion, tell=stop)
    left = unfinished(engine)
    assert left is not None and left.exchanged and left.run.progress["followed"] == 3
    with pytest.raises(PolicyError, match="only the end is missing"):
        abandon(engine)
    done = pgwright("--url", engine, "--json", "policy", "convert", "readings", spec, "--yes")
    said = json.loads(done.stdout)
    assert unfinished(engine) is None
    with psycopg.connect(engine, autocommit=True) as conn:
        if community:
            assert done.returncode == 1
            assert [c["name"] for c in said["remaining"]] == ["public.readings.refused"]
            assert "invalid continuous aggregate" in said["refused"][0]
            # Before TimescaleDB retires anything, the rollups are filled.
            nearest = conn.execute(
                "SELECT min(next_start) > now() + interval '20 hours' "
                "FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention'"
            )
            assert nearest.fetchone() == (True,)
        else:
            assert (done.returncode, said["remaining"], said["refused"]) == (0, [], [])
        assert not run_policies(engine).failed
        added_up = conn.execute("SELECT (SELECT sum(n) FROM hourly), (SELECT sum(n) FROM daily)")
        assert added_up.fetchone() == (4000, 4000)
    kept = rows_of(engine)
    assert convert(engine, propose_way_back(engine, "readings", workshop=WORKSHOP)).remaining == ()
    assert rows_of(engine) == kept
    assert not [o for kind in POLICY_KINDS for o in _catalog(engine).of(kind)]


def _rows_read_by(url: str, steps: tuple[Step, ...]) -> int:
    """Return how many rows the statements read of tables, in a transaction that is rolled back."""
    with psycopg.connect(url) as conn:
        conn.execute("LOCK TABLE readings IN ACCESS EXCLUSIVE MODE")
        for step in steps:
            conn.execute(step.sql.encode())
        row = conn.execute(
            "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) "
            "FROM pg_stat_xact_user_tables WHERE schemaname IN ('public', '_timescaledb_internal')"
        ).fetchone()
        conn.rollback()
    assert row is not None
    return int(row[0])


def _seen(catalog: Catalog) -> Catalog:
    """Return what takes part in comparisons: partitions come and go."""
    from pgwright.model.selection import Selection

    return Selection().apply(catalog)


def require_rows(url: str, kept: Counter[Any], writers: Writers) -> None:
    wanted = kept + Counter(
        (*row, row[3] * 2) for row in writers.rows.values() if row[0] not in {k[0] for k in kept}
    )
    assert rows_of(url) == wanted


def test_a_key_without_the_time_gives_way_to_that_of_the_models(database: str) -> None:
    _prepare(database, key="", rows=500)
    kept = rows_of(database)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE notes (reading bigint REFERENCES readings)")
        with pytest.raises(PolicyError, match="foreign keys refer to a key"):
            _forwards(database)
        conn.execute("DROP TABLE notes")
        not_nulls = (
            "SELECT conname FROM pg_constraint WHERE conrelid = 'readings'::regclass AND contype = 'n'"
        )
        conn.execute("ALTER TABLE readings RENAME CONSTRAINT readings_ticket_not_null TO has_ticket")
        named = set(conn.execute(not_nulls).fetchall())
        done = convert(database, _forwards(database))
        assert done.remaining == () and done.rows == kept.total()
        assert set(conn.execute(not_nulls).fetchall()) == named > {("has_ticket",), ("readings_at_not_null",)}
        key = conn.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'readings_pkey'"
        )
        assert key.fetchone() == ("PRIMARY KEY (id, at)",)
        with pytest.raises(PolicyError, match="is a time series already"):
            _forwards(database)
        convert(database, propose_way_back(database, "readings", workshop=WORKSHOP))
        assert set(conn.execute(not_nulls).fetchall()) == named


def test_rows_without_a_time_are_told_before_any_is_copied(database: str) -> None:
    _prepare(database, key="", rows=100)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(
            "ALTER TABLE readings ALTER at DROP NOT NULL; UPDATE readings SET at = NULL WHERE id = 7"
        )
        with pytest.raises(PolicyError, match=r"1 row of public\.readings has no time in at"):
            convert(database, _forwards(database))
        conn.execute("DELETE FROM readings WHERE at IS NULL")
        # The models' key makes the column NOT NULL.
        assert convert(database, _forwards(database)).remaining == ()


def test_what_cannot_be_converted_says_so(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        with pytest.raises(PolicyError, match="there is no table readings"):
            _forwards(database)
        _prepare(database, rows=100)
        with pytest.raises(PolicyError, match="is not declared to be a time series"):
            propose_conversion(database, SPEC, "sensors", workshop=WORKSHOP)
        with pytest.raises(PolicyError, match="is no time series that pgwright keeps"):
            propose_way_back(database, "readings", workshop=WORKSHOP)
        conversion = _forwards(database)

        def full(*_: Any) -> None:
            raise StatementError("no space left", hint="Check free disk space.")

        with pytest.raises(StatementError, match="space; then go on: pgwright policy convert"):
            convert(database, conversion, tell=full)
        # What no trigger sees is found before anything is final, and the table stays as it is.
        _interrupted(database, conversion)
        conn.execute("SET session_replication_role = replica")
        conn.execute("UPDATE readings SET value = 77 WHERE id = 5")
        conn.execute("RESET session_replication_role")
        with pytest.raises(ConversionDiffers, match="are not those that it has") as failure:
            convert(database, conversion)
        assert "rows that differ, by id, at: 5," in str(failure.value)
        assert abandon(database) == "public.readings" and abandon(database) is None
        kept = rows_of(database)
        assert convert(database, _forwards(database)).rows == 100
        assert rows_of(database) == kept


def _interrupted(url: str, conversion: Conversion) -> None:
    """Begin a conversion and have it fail once all rows are copied."""

    def stop(label: str, *_: Any) -> None:
        if label == "rows compared":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(url, conversion, tell=stop)


def test_a_subscriber_goes_on_without_knowing_partitions(make_database: Any, server_18: Any) -> None:
    database, subscriber = make_database(server_18), make_database(server_18)
    slot = f"pgwright_{random.getrandbits(32):08x}"
    for url in (database, subscriber):
        _prepare(url, rows=50 if url == database else 0)
    with (
        psycopg.connect(database, autocommit=True) as conn,
        psycopg.connect(subscriber, autocommit=True) as there,
    ):
        conn.execute("ALTER PUBLICATION outward SET (publish_via_partition_root = false)")
        slot_made = "SELECT pg_create_logical_replication_slot(%s, 'pgoutput')"
        conn.execute(slot_made, (slot,))
        there.execute(
            psycopg.sql.SQL(
                "CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION outward "
                "WITH (create_slot = false, copy_data = false)"
            ).format(psycopg.sql.Identifier(slot), database)
        )
        try:
            assert convert(database, _forwards(database)).remaining == ()
            conn.execute("INSERT INTO readings (id, at, sensor_id) VALUES (900000, now(), 1)")
            for _ in range(200):
                if there.execute("SELECT FROM readings WHERE id = 900000").fetchone() is not None:
                    break
                time.sleep(0.05)
            else:
                pytest.fail("the row did not arrive")
        finally:
            there.execute(psycopg.sql.SQL("DROP SUBSCRIPTION {}").format(psycopg.sql.Identifier(slot)))


def test_truncate_and_rows_of_the_far_future(database: str) -> None:
    _prepare(database, rows=300)
    conversion = _forwards(database)
    _interrupted(database, conversion)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("TRUNCATE readings")
        conn.execute(
            "INSERT INTO readings (at, sensor_id) VALUES (now() + interval '2 years', 1), (now(), 2)"
        )
        kept = rows_of(database)
        done: Converted = convert(database, conversion)
    assert done.rows == 2 and rows_of(database) == kept


def test_what_the_server_refuses_is_known_before_rows_are_copied(make_database: Any, server_12: Any) -> None:
    url = make_database(server_12)
    _prepare(url, rows=10)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(
            "CREATE TRIGGER early BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION count_change()"
        )
    with pytest.raises(StatementError, match="partitioned table") as failure:
        convert(url, _forwards(url))
    assert "create trigger public.readings.early failed" in str(failure.value)
    assert "readings_converting" not in {t.id.name.name for t in _catalog(url).of("table")}
