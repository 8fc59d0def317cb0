"""A rename that is answered in the terminal, by somebody or by nobody."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.diff.ways import rows, run

BEFORE = "CREATE TABLE clients (id int, mail text, age int); INSERT INTO clients VALUES (1, 'm', 30)"
AFTER = "CREATE TABLE customers (id int, mail text, age int);"


def answered(url: str, folder: Path, answers: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run an apply whose questions are answered on a terminal."""
    (folder / "after.sql").write_text(AFTER)
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answers.encode())
        return subprocess.run(
            [sys.executable, "-m", "pgwright", "--url", url, "schema", "apply", "file:after.sql", *options],
            cwd=folder,
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("answer", ["y", "n"])
def test_a_likely_rename_is_asked_about(database: str, tmp_path: Path, answer: str) -> None:
    run(database, BEFORE)
    done = answered(database, tmp_path, f"{answer}\ny\n")
    assert "Is table public.customers the table public.clients under a new name?" in done.stderr
    if answer == "y":
        assert done.returncode == 0, done.stderr
        assert rows(database, "SELECT * FROM customers") == [(1, "m", 30)]
    else:
        assert done.returncode == 3
        assert "--allow deletes-data" in done.stderr
        assert "--rename public.clients=public.customers" in done.stderr
        assert rows(database, "SELECT * FROM clients") == [(1, "m", 30)]


def test_nothing_is_asked_with_yes(database: str, tmp_path: Path) -> None:
    run(database, BEFORE)
    done = answered(database, tmp_path, "", "--yes")
    assert "?" not in done.stderr
    assert done.returncode == 3
    assert rows(database, "SELECT * FROM clients") == [(1, "m", 30)]


def test_a_database_that_changed_before_the_answer_stays_as_it_is(database: str, tmp_path: Path) -> None:
    run(database, BEFORE)
    (tmp_path / "after.sql").write_text(AFTER)
    words = ["schema", "apply", "file:after.sql", "--exclude", "public.o*"]
    told = ["--rename", "public.clients=customers"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "pgwright", *words, *told],
        cwd=tmp_path,
        env={**os.environ, "DATABASE_URL": database},
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        said = b""
        while b"[y/N]" not in said and (more := os.read(process.stderr.fileno(), 4096)):
            said += more
        run(database, "ALTER TABLE clients ADD COLUMN late int")
        os.write(ours, b"y\n")
        said += process.communicate(timeout=120)[1]
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 3
    assert "PW301" in said.decode() and "public.clients.late" in said.decode()
    again = shlex.split(said.decode().rpartition("plan again: pgwright ")[2])
    assert again == ["schema", "plan", *words[2:], "--rename", "public.clients=public.customers"]
    assert rows(database, "SELECT id, late FROM clients") == [(1, None)]
