"""Parquet alone: how it is written and read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pyarrow import parquet

from tests.integration.transfer.exporting import export
from tests.integration.transfer.importing import execute, import_path, rows

GROWTH = """
import os
import sys
import pyarrow as pa
from pyarrow import parquet
from pgwright.formats.columnar import read_parquet
path = sys.argv[1]
column = pa.Array.from_buffers(pa.int64(), 16384, [None, pa.py_buffer(os.urandom(8 * 16384))])
rows = pa.table({f"c{n}": column for n in range(16)})
with parquet.ParquetWriter(path, rows.schema, compression="none", use_dictionary=False) as writer:
    for _ in range(40):
        writer.write_table(rows)
def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 >> 20
seen = []
for _ in read_parquet(open(path, "rb"), path).blocks():
    seen.append(held())
print(seen[-1] - seen[10])
"""


def test_reading_parquet_keeps_no_group_of_rows(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, str(tmp_path / "t.parquet")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 25, "MB more after 40 groups than after 10"


def test_parquet_keeps_a_dictionary_of_the_values_that_come_again(database: str, tmp_path: Path) -> None:
    execute(
        database,
        "CREATE TABLE trips (id int PRIMARY KEY, code text, note text)",
        "INSERT INTO trips SELECT g, 'code ' || g % 50, md5(g::text) FROM generate_series(1, 150000) g",
    )
    before = rows(database, "SELECT count(*), sum(hashtext(t::text)) FROM trips t")
    export(database, tmp_path / "trips.parquet", "trips")
    written = parquet.ParquetFile(tmp_path / "trips.parquet").metadata
    assert written.num_row_groups > 1
    for number in range(written.num_row_groups):
        group = written.row_group(number)
        columns = [group.column(place) for place in range(group.num_columns)]
        assert {c.path_in_schema for c in columns if c.has_dictionary_page} == {"code"}
    execute(database, "DELETE FROM trips")
    import_path(database, tmp_path / "trips.parquet")
    assert rows(database, "SELECT count(*), sum(hashtext(t::text)) FROM trips t") == before
