"""Build the database from the models, or tell what differs; the work is pgwright's.

export SCHEMA_DB_URL="postgresql://user:password@localhost:5432/skycaster_db"
python schema_generator.py --mode=create
python schema_generator.py --mode=validate > schema_changes.sql
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from app.settings import SettingsError, database_url

HERE = Path(__file__).resolve().parent
VARIABLE = "SCHEMA_DB_URL"
REPORT = "schema_report.txt"
USAGE = 2


def main() -> int:
    """Run the mode that the command line names; 0 fine, 1 drift, 2 usage, 3 refused, 4 failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--mode",
        choices=("create", "validate"),
        required=True,
        help=f"create builds the database and writes {REPORT}; validate prints what differs from the models, "
        "as SQL to review and apply, and exits 1; it prints nothing where nothing differs",
    )
    parser.add_argument("--report", type=Path, default=Path(REPORT), help=f"default: {REPORT}")
    arguments = parser.parse_args()
    try:
        url = schema_url()
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    if arguments.mode == "validate":
        return pgwright(url, "schema", "validate")
    built = pgwright(url, "schema", "create", "--create-database")
    return built or pgwright(url, "schema", "report", "--output", str(arguments.report.absolute()))


def schema_url() -> str:
    """Return `SCHEMA_DB_URL`, from the environment or `.env`.

    Raises:
        SettingsError: when it is missing, is no PostgreSQL URL, or names no database.
    """
    return database_url(variable=VARIABLE).set(drivername="postgresql").render_as_string(hide_password=False)


def pgwright(url: str, *words: str) -> int:
    """Run pgwright on this project with that database; its output and exit code are ours."""
    # In the environment, not in the arguments, which every user of the machine can read.
    environment = {**os.environ, "PGWRIGHT_URL": url}
    command = [sys.executable, "-m", "pgwright", *words, "--project", str(HERE)]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
