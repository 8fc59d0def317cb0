"""``docs/reference.md`` says what the code says."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.unit.architecture.tree import ROOT


@pytest.mark.skipif(not (ROOT / "docs" / "reference.md").exists(), reason="no docs/reference.md yet")
def test_the_reference_is_current() -> None:
    command = [sys.executable, "-m", "scripts.reference", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
