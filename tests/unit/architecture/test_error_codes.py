"""Every error has a code of its own and an explanation in ``docs/errors.md``."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.unit.architecture.tree import ROOT, modules, parsed

PAGE = ROOT / "docs" / "errors.md"


def _codes() -> list[tuple[str, str, Path]]:
    """Return (code, class, file) for each class of the package that sets ``code``."""
    found = []
    for path in modules("src/pgwright"):
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.ClassDef):
                continue
            for statement in node.body:
                match statement:
                    case (
                        ast.AnnAssign(target=ast.Name(id="code"), value=ast.Constant(value=str(code)))
                        | ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code)))
                    ) if re.fullmatch(r"PW\d+", code):
                        found.append((code, node.name, path))
    return found


def test_codes_are_unique_and_well_formed() -> None:
    codes = _codes()
    assert codes
    counted = Counter(code for code, _, _ in codes)
    assert not [code for code, count in counted.items() if count > 1]
    assert not [code for code in counted if not re.fullmatch(r"PW\d{3}", code)]


@pytest.mark.skipif(not PAGE.exists(), reason="no docs/errors.md yet")
@pytest.mark.parametrize(("code", "name"), [(code, name) for code, name, _ in _codes()])
def test_code_is_documented(code: str, name: str) -> None:
    section = re.search(rf"^#+ .*\b{code}\b.*\n+(?P<text>(?:(?!#).*\n?)+)", PAGE.read_text(), re.MULTILINE)
    assert section, f"docs/errors.md has no section for {code} ({name})"
    assert len(section["text"].split()) >= 8, f"docs/errors.md says too little about {code}"


@pytest.mark.skipif(not PAGE.exists(), reason="no docs/errors.md yet")
def test_no_documented_code_is_gone() -> None:
    documented = set(re.findall(r"^#+ .*?\b(PW\d{3})\b", PAGE.read_text(), re.MULTILINE))
    assert documented <= {code for code, _, _ in _codes()}
