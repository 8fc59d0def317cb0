"""Rules and edits of lint that need no server."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgwright.migrate.lint.edits import edited_text
from pgwright.migrate.lint.nouns import Linted, Statement
from pgwright.migrate.lint.registry import rule
from pgwright.migrate.lint.safe_alembic import safe_form


@pytest.mark.parametrize(
    ("version", "found"), [(140000, 1), (140003, 1), (140004, 0), (180001, 0), (None, 0)]
)
def test_corrupt_concurrent_build_knows_the_versions(version: int | None, found: int) -> None:
    statement = Statement(sql="CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)")
    linted = Linted(tool="alembic", revision="1", path=Path("1.py"), statements=(statement,), version=version)
    assert len(list(rule("corrupt_concurrent_build").find(linted))) == found


@pytest.mark.parametrize(
    ("call", "safe"),
    [
        ('op.drop_index("i")', 'op.drop_index("i", postgresql_concurrently=True)'),
        ('op.drop_index("i",)', 'op.drop_index("i", postgresql_concurrently=True)'),
        (
            'op.create_index(\n        "ü",\n        "t",\n        ["a"]\n    )',
            'op.create_index(\n        "ü",\n        "t",\n        ["a"],\n'
            "        postgresql_concurrently=True,\n    )",
        ),
        (
            'op.create_index("ü", "t",\n        ["a"])',
            'op.create_index("ü", "t",\n        ["a"], postgresql_concurrently=True)',
        ),
        ('op.execute("create index i on t (a)")', 'op.execute("create index CONCURRENTLY i on t (a)")'),
    ],
)
def test_safe_form_adds_the_argument(tmp_path: Path, call: str, safe: str) -> None:
    path = tmp_path / "1.py"
    path.write_text(f'"""One."""\n\nfrom alembic import op\n\n\ndef upgrade():\n    {call}\n')
    statement = Statement(sql="CREATE INDEX i ON t (a)", line=7)
    edit = safe_form(Linted(tool="alembic", revision="1", path=path), statement)
    assert edit is not None
    block = "    with op.get_context().autocommit_block():\n"
    wanted = "\n".join(f"    {line}" for line in f"    {safe}".split("\n"))
    assert edited_text(path.read_text(), [edit]).partition("upgrade():\n")[2] == f"{block}{wanted}\n"


def test_imports_and_overlapping_edits(tmp_path: Path) -> None:
    """The import comes behind the others once, and of two edits of one place the first counts."""
    path = tmp_path / "1.py"
    path.write_text(
        "from __future__ import annotations\n\nfrom alembic import (\n    op,\n)\n\n\n"
        'def upgrade():\n    op.create_check_constraint("c", "t", "a > 0")\n'
    )
    statement = Statement(sql="ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", line=9)
    edit = safe_form(Linted(tool="alembic", revision="1", path=path), statement)
    assert edit is not None
    text = edited_text(path.read_text(), [edit, edit])
    assert text.splitlines()[5] == "from pgwright.contrib.alembic.operations import run_step"
    assert text.count("VALIDATE CONSTRAINT c") == text.count("import run_step") == 1
    compile(text, "1.py", "exec")


def test_the_safe_form_of_a_long_statement_is_laid_out(tmp_path: Path) -> None:
    path = tmp_path / "1.py"
    column = "a_column_with_a_name_that_is_as_long_as_some"
    path.write_text(
        f'from alembic import op\n\n\ndef upgrade():\n    op.alter_column("t", "{column}", nullable=False)\n'
    )
    statement = Statement(sql=f"ALTER TABLE t ALTER COLUMN {column} SET NOT NULL", line=5)
    edit = safe_form(Linted(tool="alembic", revision="1", path=path), statement)
    assert edit is not None
    assert (
        edit.lines[0] == "    run_step("
        and edit.lines[1].startswith('        "ALTER')
        and edit.lines[2] == "    )"
    )
