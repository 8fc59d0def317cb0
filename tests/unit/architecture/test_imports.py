"""Imports go down, and the command line starts without the heavy libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.unit.architecture.tree import PACKAGE, ROOT

HEAVY = ("psycopg", "sqlalchemy", "django", "rich", "alembic", "tenacity", "pg0")
REPORT = f"import sys; print('loaded:', *sorted(set(sys.modules) & set({HEAVY!r})))"
needs_cli = pytest.mark.skipif(not (PACKAGE / "cli" / "__init__.py").exists(), reason="no pgwright.cli yet")


def _python(*lines: str) -> str:
    program = "\n".join(lines)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_layers_hold() -> None:
    # The import is inside: import-linter configures logging and a cache on import.
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_cli
def test_importing_the_command_line_loads_nothing_heavy() -> None:
    assert _python("import pgwright.cli", REPORT).splitlines()[-1] == "loaded:"


@needs_cli
@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_the_first_answers_load_nothing_heavy(argument: str) -> None:
    printed = _python(
        "import sys",
        f"sys.argv = ['pgwright', {argument!r}]",
        "from pgwright.cli import main",
        "try:",
        "    code = main()",
        "except SystemExit as exit:",
        "    code = exit.code",
        "assert not code, code",
        REPORT,
    )
    assert len(printed.splitlines()) > 1
    assert printed.splitlines()[-1] == "loaded:"
