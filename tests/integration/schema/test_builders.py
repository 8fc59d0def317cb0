"""The process in which models are built: what their code sees there, and when it ends."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

import pgwright

MODELS = """
import os, pathlib, sys
from sqlalchemy import Column, Integer, MetaData, Table

pathlib.Path("seen").write_text(repr([sys.stdin.read(), sys.argv, dict(os.environ)]))
metadata = MetaData()
Table("ships", metadata, Column("id", Integer, primary_key=True))
"""
SLOW = "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(300)\n"


def test_what_models_import_sees_neither_the_input_nor_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "fleet.py").write_text(MODELS)
    catalog = pgwright.load_catalog("sqlalchemy:fleet:metadata", pgwright.Workshop(root=tmp_path))
    assert [o.id.path for o in catalog.of("table")] == ["public.ships"]
    seen = (tmp_path / "seen").read_text()
    assert seen.startswith("['', [") and "'fleet:metadata']" in seen
    assert "pgwright_scratch" not in seen


def test_models_that_are_prepared_and_not_needed_are_given_up(tmp_path: Path) -> None:
    (tmp_path / "fleet.py").write_text(SLOW)
    workshop = pgwright.Workshop(root=tmp_path)
    noted = tmp_path / "pid"
    with pytest.raises(ZeroDivisionError), workshop.ahead("sqlalchemy:fleet:metadata"):
        while not noted.exists() or not noted.read_text():
            time.sleep(0.01)
        os.kill(int(noted.read_text()), 0)
        raise ZeroDivisionError
    with pytest.raises(ProcessLookupError):
        os.kill(int(noted.read_text()), 0)
