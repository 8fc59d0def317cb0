"""Parquet of a wide table, by pgwright and by two programs that one would write by hand.

``python -m tests.bench.parquet WAY URL FILE`` runs one of the latter.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
from pyarrow import parquet

from tests.bench.command import Ran, run_python
from tests.bench.copies import WIDE

ROWS = int(os.environ.get("PGWRIGHT_BENCH_PARQUET", "2000000"))
ROUNDS = 3
_GROUP = 64 << 10  # rows of a row group, as pgwright's


def measure(url: str) -> Iterator[tuple[str, float]]:
    """Yield the ratio to the better of both, and the peak memory in MB."""
    with psycopg.connect(url, autocommit=True) as conn:
        for statement in (*WIDE.format(rows=ROWS).split(";\n")[:-1], "VACUUM ANALYZE"):
            conn.execute(statement.encode())
    ratios, peaks = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            ours = _ours(url, f"{folder}/ours.parquet")
            peers = {way: _theirs(way, url, f"{folder}/{way}.parquet") for way in _WAYS}
            for way in _WAYS:
                if _rows(f"{folder}/{way}.parquet") != _rows(f"{folder}/ours.parquet"):
                    raise AssertionError(f"{way} wrote another number of rows")
            told = (
                f"{way} {ran.seconds:.1f} s, {ran.peak:.0f} MB"
                for way, ran in {"ours": ours, **peers}.items()
            )
            print("; ".join(told), file=sys.stderr, flush=True)
            ratios.append(ours.seconds / min(ran.seconds for ran in peers.values()))
            peaks.append(ours.peak)
    yield "ratio", statistics.median(ratios)
    yield "peak", max(peaks)


def _ours(url: str, path: str) -> Ran:
    words = ("-m", "pgwright", "data", "export", "wide", "--output", path)
    return run_python(*words, environment={"PGWRIGHT_URL": url})


def _theirs(way: str, url: str, path: str) -> Ran:
    return run_python("-m", "tests.bench.parquet", way, url, path)


def _rows(path: str) -> int:
    return int(parquet.ParquetFile(path).metadata.num_rows)


def _adbc(url: str, path: str) -> None:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT * FROM wide")
        reader = cursor.fetch_record_batch()
        with _writer(path, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)


def _psycopg(url: str, path: str) -> None:
    columns = "id, token::text, kind, price::text, email, note, active, made, due, score, more::text"
    fields: list[tuple[str, Any]] = [
        *(("id", pa.int64()), ("token", pa.string()), ("kind", pa.int32()), ("price", pa.string())),
        *(("email", pa.string()), ("note", pa.string()), ("active", pa.bool_())),
        *(("made", pa.timestamp("us", "UTC")), ("due", pa.date32()), ("score", pa.float64())),
        ("more", pa.string()),
    ]
    schema = pa.schema(fields)
    with psycopg.connect(url) as conn, conn.cursor("wide") as cursor, _writer(path, schema) as writer:
        cursor.execute(f"SELECT {columns} FROM wide".encode())
        while rows := cursor.fetchmany(_GROUP):
            columns_of_rows = zip(zip(*rows, strict=True), schema, strict=True)
            arrays = [pa.array(values, field.type) for values, field in columns_of_rows]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _writer(path: str, schema: Any) -> Any:
    return parquet.ParquetWriter(Path(path), schema, compression="zstd", compression_level=1)


_WAYS = {"adbc": _adbc, "psycopg": _psycopg}

if __name__ == "__main__":
    _WAYS[sys.argv[1]](*sys.argv[2:])
