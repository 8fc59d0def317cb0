"""Pieces that are retired are kept as Parquet: proved before they go, listed, and brought back."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgwright.errors import ArchiveDiffers, PolicyError
from pgwright.model.names import QualifiedName
from pgwright.model.policy import Retain, Rollup, TimeSeries
from pgwright.pg.quoting import Name
from pgwright.timeseries.archive import archives, restore_piece
from pgwright.timeseries.chunks import chunks
from pgwright.timeseries.declare import Edit, declare
from pgwright.timeseries.run import run_policies

READINGS = QualifiedName("public", "readings")
# One of each type whose way into a file and back could go wrong.
SCHEMA = """
CREATE TABLE readings (
    sensor_id integer, at timestamptz, value double precision, exact numeric, short numeric(10, 3), said text,
    raw bytea, tags text[], facts jsonb, span tstzrange, gone date, own uuid, pause interval, big bigint,
    double double precision GENERATED ALWAYS AS (value * 2) STORED,
    PRIMARY KEY (sensor_id, at)
)
"""
ROWS = """
INSERT INTO readings
SELECT i, now() - i * interval '1 hour', i / 7.0::float8, i / 3.0, i / 7.0,
    CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'a "quoted",\\nline' ELSE '\\N' END,
    CASE WHEN i % 3 > 0 THEN decode(lpad(to_hex(i), 8, '0'), 'hex') END, ARRAY['x', NULL, i::text],
    jsonb_build_object('i', i, 's', 'ü'), tstzrange(now(), now() + i * interval '1 hour'), current_date - i,
    md5(i::text)::uuid, i * interval '1 month 2 days 3.5 seconds', i * 1000000000000
FROM generate_series(1, {rows}) AS i
"""
COLUMNS = (
    "sensor_id, at, value, exact, short, said, raw, tags::text, facts::text, "
    "span, gone, own, pause::text, big"
)


def _prepare(url: str, place: Path, rows: int = 240) -> Counter[Any]:
    """Fill ten days, of which seven are to go; return the rows."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(SCHEMA)
        with conn.transaction():
            declare(conn, [Edit(table=READINGS, policy=TimeSeries("at", "1 day"))])
        if conn.execute("SELECT relkind FROM pg_class WHERE relname = 'readings'").fetchone() == ("p",):
            conn.execute("DROP TABLE readings_history")
            day = "date_trunc('day', now(), 'UTC') - interval '{} days'"
            for n in range(1, 12):
                make = f"CREATE TABLE readings_d{n} PARTITION OF readings FOR VALUES FROM (%L) TO (%L)"
                bounds = f"{day.format(n)}, {day.format(n - 1)}"
                conn.execute(f"DO $$ BEGIN EXECUTE format('{make}', {bounds}); END $$".encode())
        conn.execute(ROWS.format(rows=rows))
        with conn.transaction():
            declare(
                conn,
                [
                    Edit(table=READINGS, policy=Retain("3 days", archive=str(place))),
                    Edit(
                        table=READINGS, policy=Rollup("daily", bucket="1 day", aggregates={"n": "count(*)"})
                    ),
                ],
            )
        return Counter(conn.execute(f"SELECT {COLUMNS} FROM readings").fetchall())


def _restored(conn: psycopg.Connection, place: Path) -> Counter[Any]:
    """Return the rows of all archived pieces, brought back into tables of their own."""
    found: Counter[Any] = Counter()
    for number, archived in enumerate(archives(str(place))):
        assert restore_piece(conn, str(place), archived, Name("public", f"back{number}")) == archived.rows
        found.update(conn.execute(f"SELECT {COLUMNS} FROM back{number}").fetchall())
    return found


@pytest.mark.parametrize("server", ["server_12", "server_18", "timescale", "timescale_community"])
def test_retired_pieces_are_archived_and_come_back(
    server: str, request: pytest.FixtureRequest, make_database: Any, tmp_path: Path
) -> None:
    found = request.getfixturevalue(server)
    url = found if isinstance(found, str) else make_database(found)
    kept = _prepare(url, tmp_path)
    done = run_policies(url)
    assert done.failed == () and any(o.said.startswith("archived and dropped") for o in done.outcomes)
    with psycopg.connect(url, autocommit=True) as conn:
        left = Counter(conn.execute(f"SELECT {COLUMNS} FROM readings").fetchall())
        back = _restored(conn, tmp_path)
        assert len(left) < 100 and left + back == kept
        assert sum(n for (n,) in conn.execute("SELECT n FROM daily").fetchall()) == kept.total()
        # Nothing is left to do, and pieces are not archived twice.
        made = {a.piece: a.made_at for a in archives(str(tmp_path), "public.readings")}
        assert run_policies(url).failed == ()
        assert {a.piece: a.made_at for a in archives(str(tmp_path))} == made and len(made) >= 6
        # A file that somebody changed does not become a table.
        one = archives(str(tmp_path))[0]
        other = archives(str(tmp_path))[1]
        (tmp_path / one.file).write_bytes((tmp_path / other.file).read_bytes())
        with pytest.raises(ArchiveDiffers, match="does not hold the rows"):
            restore_piece(conn, str(tmp_path), one, Name("public", "wrong"))
        # Nor does one that was cut, and what befell it keeps no other from coming back.
        (tmp_path / one.file).write_bytes((tmp_path / other.file).read_bytes()[:-9])
        with pytest.raises(ArchiveDiffers, match="is damaged"):
            restore_piece(conn, str(tmp_path), one, Name("public", "wrong"))
        (tmp_path / one.file).with_suffix(".json").write_text("{}")
        with pytest.raises(ArchiveDiffers, match="is not what an archive says"):
            archives(str(tmp_path))
        assert archives(str(tmp_path), piece=other.piece) == (other,)
        assert conn.execute("SELECT to_regclass('wrong')").fetchone() == (None,)


def test_nothing_goes_without_its_archive(database: str, tmp_path: Path) -> None:
    place = tmp_path / "archive"
    kept = _prepare(database, place)
    place.write_text("not a folder")
    done = run_policies(database)
    assert [o.task for o in done.failed] == ["retire"]
    with psycopg.connect(database, autocommit=True) as conn:
        assert Counter(conn.execute(f"SELECT {COLUMNS} FROM readings").fetchall()) == kept
        place.unlink()
        # What the format has no place for stops its piece only, and stays in the database.
        conn.execute("UPDATE readings SET gone = 'infinity' WHERE sensor_id = 150")
        done = run_policies(database)
        assert "no place for" in str(done.failed[0].error)
        assert conn.execute("SELECT count(*) FROM readings WHERE sensor_id = 150").fetchone() == (1,)
        assert len(chunks(conn, "readings")) > 8
        conn.execute("ALTER TABLE readings ADD CHECK (isfinite(gone)) NOT VALID")
        with pytest.raises(PolicyError, match="has an archive, but the table is no time series"):
            conn.execute("CREATE TABLE logs (at timestamptz)")
            retain = Retain("3 days", column="at", archive=str(place))
            declare(conn, [Edit(table=QualifiedName("public", "logs"), policy=retain)])


def test_a_killed_run_goes_on(database: str, tmp_path: Path) -> None:
    kept = _prepare(database, tmp_path, rows=240)
    environment = {**os.environ, "DATABASE_URL": database}
    command = [str(Path(sys.executable).with_name("pgwright")), "policy", "run", "--yes"]
    with psycopg.connect(database, autocommit=True) as conn:
        for pieces in (1, 3, 5):
            process = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE)
            end = time.monotonic() + 60
            while len(list(tmp_path.glob("public.readings/*.parquet"))) < pieces:
                assert process.poll() is None and time.monotonic() < end, process.communicate()
                time.sleep(0.002)
            process.kill()
            process.communicate()
        end = time.monotonic() + 60
        while conn.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgwright policy%'"
        ).fetchone() != (0,):
            assert time.monotonic() < end
            time.sleep(0.05)
        assert run_policies(database).failed == ()
        left = Counter(conn.execute(f"SELECT {COLUMNS} FROM readings").fetchall())
        assert left + _restored(conn, tmp_path) == kept
        assert conn.execute(
            "SELECT count(*) FROM pg_class WHERE relname ~ '^readings_d[5-9]$'"
        ).fetchone() == (0,)
        shown = subprocess.run(
            [*command[:2], "archives", "readings"],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "readings_d7" in shown.stdout
        back = subprocess.run(
            [*command[:2], "restore", "readings", "readings_d7", "--as", "seventh"],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "public.seventh holds 24 rows" in back.stdout
