"""The process that runs migrations ends when its program has no more use for it."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from pgwright.migrate.process import migration_process
from pgwright.migrate.tools import tool_of
from tests.integration.migrate.projects import TABLE, alembic_project


def test_where_interrupts_are_ignored_nobody_waits_for_it(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the background of a script, whose jobs begin so."""
    project = alembic_project(tmp_path, [TABLE])
    monkeypatch.setattr("pgwright.migrate.process._PATIENCE", 100)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    began = time.monotonic()
    try:
        with pytest.raises(ZeroDivisionError), migration_process(tool_of(project), url=database):
            raise ZeroDivisionError
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - began < 60
