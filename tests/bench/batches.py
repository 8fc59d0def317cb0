"""How long AquaMind's batches take out and in, beside Django's own dumpdata and loaddata.

Commands are measured as a user types them, with the start of Python and Django.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.bench.command import Ran, run_python
from tests.servers import databases
from tests.servers.running import Server

ROWS = int(os.environ.get("PGWRIGHT_BENCH_BATCHES", "100000"))
ROUNDS = 2
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
    """Yield how many times faster export and import are, and the peak memory in MB.

    ``pgwright data export`` is one whole command beside another. AquaMind's own commands start Django first,
    as `dumpdata` does, which takes most of their time: that is taken off both.
    """
    url = databases.create(server)
    _manage(url, "migrate", "--verbosity=0")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(_BATCHES.format(rows=ROWS).encode())
        conn.execute("VACUUM ANALYZE batch_batch")
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        theirs, ours, alone = (f"{folder}/{name}.json" for name in ("theirs", "ours", "alone"))
        for _ in range(ROUNDS):
            ran = {
                "start": _manage(url, "version"),
                "dumpdata": _manage(url, "dumpdata", "batch.Batch", f"--output={theirs}"),
                "export": _manage(url, "export_batches", f"--output={ours}"),
                "alone": run_python(
                    *("-m", "pgwright", "data", "export", "batch_batch", "--format=django"),
                    f"--output={alone}",
                    environment={"PGWRIGHT_URL": url},
                ),
                # Either file, by either command; all rows are there and are updated.
                "loaddata": _manage(url, "loaddata", theirs),
                "import": _manage(url, "import_batches", f"--input={ours}"),
            }
            told = (f"{name} {took.seconds:.2f} s, {took.peak:.0f} MB" for name, took in ran.items())
            print("; ".join(told), file=sys.stderr, flush=True)
            rounds.append(ran)
    databases.drop(url)
    best = {name: min(ran[name].seconds for ran in rounds) for name in rounds[0]}
    yield "alone", best["dumpdata"] / best["alone"]
    yield "export", (best["dumpdata"] - best["start"]) / (best["export"] - best["start"])
    yield "import", best["loaddata"] / best["import"]
    yield "peak", max(ran[name].peak for ran in rounds for name in ("alone", "export", "import"))


def _manage(url: str, *words: str) -> Ran:
    environment = {"DATABASE_URL": url, "DJANGO_DEBUG": "0"}
    return run_python(str(_PROJECT / "manage.py"), *words, cwd=str(_PROJECT), environment=environment)
