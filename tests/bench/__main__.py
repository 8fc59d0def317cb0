"""Run the measures and print each with its limit; exit with 1 when one is missed.

``python -m tests.bench [NAME ...]`` runs the named ones only.
"""

from __future__ import annotations

import os
import sys

from tests.bench.measures import MEASURES, Measured
from tests.servers.running import run_folder


def main(names: list[str]) -> int:
    """Run the measures named, or all."""
    if unknown := [name for name in names if name not in MEASURES]:
        print(f"no measure is named {', '.join(unknown)}; there are: {', '.join(MEASURES)}", file=sys.stderr)
        return 2
    missed = False
    with run_folder():
        for name in names or MEASURES:
            for measured in MEASURES[name]():
                missed |= not measured.kept
                print(_line(measured), flush=True)
    return int(missed)


def _line(measured: Measured) -> str:
    sign = "at least" if measured.at_least else "at most"
    verdict = "" if measured.kept else "  MISSED"
    return (
        f"{measured.what:<52} {measured.value:>9.1f} {measured.unit:<3} ({sign} {measured.limit:g}){verdict}"
    )


if __name__ == "__main__":
    for variable in [name for name in os.environ if name.startswith("PG") and "PGWRIGHT" not in name]:
        del os.environ[variable]
    sys.exit(main(sys.argv[1:]))
