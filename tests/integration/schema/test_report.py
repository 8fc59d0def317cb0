"""`pgwright schema report`: counts, tables, differences, and what is not handled."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from tests.integration.schema.command import pgwright

MODELS = """
from sqlalchemy import BigInteger, ForeignKey, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase): ...


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    author: Mapped[int] = mapped_column(ForeignKey("author.id"), index=True)
"""
CONFIG = """
[project]
name = "library"
models = "sqlalchemy:library_models:Base"

[databases.default]
url = "${DATABASE_URL}"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "library_models.py").write_text(MODELS)
    (tmp_path / "pgwright.toml").write_text(CONFIG)
    return tmp_path


def test_report_of_a_database_and_its_drift(database: str, project: Path) -> None:
    assert pgwright("schema", "create", folder=project, DATABASE_URL=database).returncode == 0
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("ALTER TABLE book ADD COLUMN isbn text")
        conn.execute("DROP INDEX ix_book_author")
    first = pgwright("schema", "report", "-o", "r.txt", folder=project, DATABASE_URL=database)
    assert (first.returncode, first.stdout) == (0, "wrote r.txt\n"), first.stderr
    text = (project / "r.txt").read_text(encoding="utf-8")
    for said in (
        "Schema report: library\n======================\n",
        "PostgreSQL 18",
        "  table                    2\n",
        "public.author  (2 columns, ",
        "    name  text    not null\n",
        "    book_author_fkey: FOREIGN KEY (author) REFERENCES public.author(id)\n",
        "Differences from the models\n---------------------------\n",
        "  + index public.book.ix_book_author\n",
        "  - column public.book.isbn\n",
    ):
        assert said in text, said
    assert "password" not in text
    again = pgwright("schema", "report", folder=project, DATABASE_URL=database)
    assert again.stdout == text


def test_report_of_models_compares_with_nothing(database: str, project: Path) -> None:
    done = pgwright("schema", "report", "models", folder=project, DATABASE_URL=database)
    assert done.returncode == 0, done.stderr
    assert "source      sqlalchemy:library_models:Base\n" in done.stdout
    assert "Differences" not in done.stdout
    assert " kB" not in done.stdout


def test_what_no_kind_reads_is_named(database: str, project: Path) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE CONVERSION mine FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8")
    done = pgwright("schema", "report", "--no-differences", "--json", folder=project, DATABASE_URL=database)
    assert any("mine" in name for name in json.loads(done.stdout)["unhandled"])


def test_options_that_exclude_each_other(database: str, project: Path) -> None:
    words = ("schema", "report", "--against", "models", "--no-differences")
    done = pgwright(*words, folder=project, DATABASE_URL=database)
    assert done.returncode == 2
    assert "exclude each other" in done.stderr
