"""Run the command line within this process, a fifth of the time and the same output, and look at servers."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg

from pgwright.cli import main
from pgwright.pg.address import parse_address


def pgwright(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command in a folder, with these variables, and return what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd),
        patch.dict(os.environ, environment),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = main(list(words))
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def at(url: str, database: str) -> str:
    """Return the address of another database of a server."""
    return parse_address(url).with_database(database).text


def one(url: str, query: str) -> Any:
    """Return the first value that a query gives."""
    with psycopg.connect(url, autocommit=True) as conn:
        row = conn.execute(query.encode()).fetchone()
    return row and row[0]
