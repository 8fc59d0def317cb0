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
ROUNDS = 4
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
    best: dict[str, Ran] = {}
    with tempfile.TemporaryDirectory() as folder:
        theirs, ours, alone = (f"{folder}/{name}.json" for name in ("theirs", "ours", "alone"))
        for name in ROUNDS * ("start", "dumpdata", "export", "alone") + ("loaddata", "import"):
            ran = {
                "start": lambda: _manage(url, "version"),
                "dumpdata": lambda: _manage(url, "dumpdata", "batch.Batch", f"--output={theirs}"),
                "export": lambda: _manage(url, "export_batches", f"--output={ours}"),
                "alone": lambda: run_python(
                    *("-m", "pgwright", "data", "export", "batch_batch", "--format=django"),
                    f"--output={alone}",
                    environment={"PGWRIGHT_URL": url},
                ),
                # Either file, by either command; all rows are there and are updated.
                "loaddata": lambda: _manage(url, "loaddata", theirs),
                "import": lambda: _manage(url, "import_batches", f"--input={ours}"),
            }[name]()
            print(f"{name} {ran.seconds:.2f} s, {ran.peak:.0f} MB", file=sys.stderr, flush=True)
            best[name] = min(best.get(name, ran), ran, key=lambda taken: taken.seconds)
    databases.drop(url)
    seconds = {name: taken.seconds for name, taken in best.items()}
    yield "alone", seconds["dumpdata"] / seconds["alone"]
    yield "export", (seconds["dumpdata"] - seconds["start"]) / (seconds["export"] - seconds["start"])
    yield "import", seconds["loaddata"] / seconds["import"]
    yield "peak", max(best[name].peak for name in ("alone", "export", "import"))


def _manage(url: str, *words: str) -> Ran:
    environment = {"DATABASE_URL": url, "DJANGO_DEBUG": "0"}
    return run_python(str(_PROJECT / "manage.py"), *words, cwd=str(_PROJECT), environment=environment)
