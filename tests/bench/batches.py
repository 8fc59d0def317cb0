"""How long AquaMind's batches take out and in, beside Django's own dumpdata and loaddata.

Whole commands are measured, as a user types them, with the start of Python and Django in both.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.servers import databases
from tests.servers.running import Server

ROWS = int(os.environ.get("PGWRIGHT_BENCH_BATCHES", "100000"))
_PROJECT = Path(__file__).parent.parent.parent / "systems" / "aquamind"
_BATCHES = """
INSERT INTO batch_species (name, scientific_name) VALUES ('bench', 'bench');
INSERT INTO batch_lifecyclestage (species_id, position, name, expected_days, expected_weight_g)
SELECT id, 1, 'egg', 30, 1 FROM batch_species WHERE name = 'bench';
INSERT INTO batch_batch
    (batch_number, species_id, stage_id, start_date, expected_end_date, initial_count, notes)
SELECT 'bench ' || g, s.species_id, s.id, date '2020-01-01' + g % 1500, date '2026-01-01', g, 'note of ' || g
FROM batch_lifecyclestage s JOIN batch_species p ON p.id = s.species_id, generate_series(1, {rows}) g
WHERE p.name = 'bench';
"""


def measure(server: Server) -> Iterator[tuple[str, float]]:
    """Yield how many times faster export and import are."""
    url = databases.create(server)
    _manage(url, "migrate", "--verbosity=0")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(_BATCHES.format(rows=ROWS).encode())
        conn.execute("VACUUM ANALYZE batch_batch")
    with tempfile.TemporaryDirectory() as folder:
        theirs, ours = f"{folder}/theirs.json", f"{folder}/ours.json"
        dumped = _manage(url, "dumpdata", "batch.Batch", f"--output={theirs}")
        yield "export", dumped / _manage(url, "export_batches", f"--output={ours}")
        # Either file, by either command; all rows are there and are updated.
        loaded = _manage(url, "loaddata", theirs)
        yield "import", loaded / _manage(url, "import_batches", f"--input={ours}")
    databases.drop(url)


def _manage(url: str, *words: str) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=_PROJECT,
        env={**os.environ, "DATABASE_URL": url, "DJANGO_DEBUG": "0"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - started
