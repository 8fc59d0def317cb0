"""A table with every kind of type, and rows with the values that are hard to keep."""

from __future__ import annotations

from pathlib import Path

SETUP = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").split(";\n")
NAME = 'every "type"'
TABLE = '"every ""type"""'
# Some of their values have no place in a columnar format.
NOT_COLUMNAR = ("ts", "tstz", "d", "t")
