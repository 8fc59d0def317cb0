"""`python -m app.demo`: load the demo data and print progress as JSON lines."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from pgwright import PgwrightError
from psycopg import Error as DriverError
from sqlalchemy.exc import DBAPIError

from app.db.trouble import explain
from app.demo.load import Progress, load
from app.errors import AppError
from app.settings import load_settings


def share(text: str) -> float:
    """Return `text` as a share of the data between 0.001 and 1."""
    value = float(text)
    if not 0.001 <= value <= 1:
        raise ValueError
    return value


def show(progress: Progress) -> None:
    """Print one line of progress."""
    sys.stdout.write(json.dumps(asdict(progress)) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Load and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m app.demo", description="Load the demo data.")
    parser.add_argument("--scale", type=share, default=1.0, help="share of the data, 0.001 to 1 (default 1)")
    arguments = parser.parse_args()
    try:
        loaded = load(load_settings(), scale=arguments.scale, report=show)
    except (AppError, DBAPIError, DriverError, PgwrightError) as error:
        known = explain(error)
        if known is None:
            raise
        sys.stderr.write(f"error: {known}\n")
        return known.exit_code
    if not loaded:
        sys.stderr.write("the demo data is there already\n")
    return 0


sys.exit(main())
