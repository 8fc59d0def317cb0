"""Modules stay small, and are named for what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.architecture.tree import ROOT, modules

OURS = modules("src", "tests", "systems", "scripts")


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_has_fewer_than_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 400, "split it by noun"


def test_no_module_is_named_for_nothing() -> None:
    names = {
        path.relative_to(ROOT) for path in OURS if path.stem in {"utils", "util", "helpers", "misc", "common"}
    }
    assert not names
