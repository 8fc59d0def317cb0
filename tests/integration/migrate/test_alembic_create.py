"""`pgwright migrate create --autogenerate` with Alembic: what it writes leads to the models, and back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from pgwright.diff.compare import compare
from pgwright.model.catalog import Catalog
from pgwright.model.selection import BOOKKEEPING, Selection
from pgwright.sources.database import read_catalog
from tests.integration.migrate.revising import MODELS_2, write_shop
from tests.integration.schema.command import pgwright

SYSTEMS = Path(__file__).parents[3] / "systems"
SAME = Selection(owners=False, exclude=BOOKKEEPING)


def alembic(folder: Path, url: str, *words: str) -> str:
    """Run the project's own Alembic, as its users do without pgwright."""
    environment = {**os.environ, "DATABASE_URL": url}
    done = subprocess.run(
        [sys.executable, "-m", "alembic", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def look(url: str) -> Catalog:
    with psycopg.connect(url) as conn:
        return read_catalog(conn, source="test")


def create(folder: Path, url: str, *words: str) -> str:
    done = pgwright("migrate", "create", *words, folder=folder, DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_revision_holds_everything_and_leads_back(tmp_path: Path, database: str) -> None:
    """Every kind of change is written, plain Alembic runs it, and writing again finds nothing."""
    write_shop(tmp_path)
    create(tmp_path, database, "-m", "first", "--autogenerate", "--rev-id", "0001")
    alembic(tmp_path, database, "upgrade", "head")
    before = look(database)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("INSERT INTO customers (mail, note) VALUES ('a@b', 'x'), ('c@d', 'y')")
        conn.execute("INSERT INTO orders (customer_id, status, amount) VALUES (1, 'open', 5)")
        conn.execute("DO $$ BEGIN CREATE ROLE shop_reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        # What somebody did by hand to this database must not get into a revision.
        conn.execute("CREATE INDEX by_hand ON customers (note)")
    (tmp_path / "models.py").write_text(MODELS_2)

    create(tmp_path, database, "-m", "second", "--autogenerate", "--rev-id", "0002")
    text = next((tmp_path / "alembic" / "versions").glob("0002*")).read_text()
    for words in (
        "ALTER TYPE public.status ADD VALUE IF NOT EXISTS 'paid'",
        'op.create_table(\n        "tickets",',
        'postgresql_partition_by="RANGE (at)"',
        "postgresql_not_valid=True",
        "postgresql_concurrently=True",
        "with op.get_context().autocommit_block():",
        "ADD COLUMN mail_lower text GENERATED ALWAYS AS (lower((mail)::text)) STORED",
        "EXCLUDE USING gist",
        "PRIMARY KEY USING INDEX",
        "CREATE VIEW public.open_tickets",
        "CREATE MATERIALIZED VIEW public.totals",
        "CREATE TRIGGER touch",
        "CREATE POLICY own",
        "GRANT INSERT, SELECT ON TABLE public.orders TO shop_reader",
        "# Lock: ACCESS EXCLUSIVE on public.orders",
        "# deletes-data: the values of column public.customers.seen are deleted.",
    ):
        assert words in text
    assert "by_hand" not in text and "OWNER TO" not in text

    assert "nothing changed" in create(tmp_path, database, "-m", "third", "--autogenerate")
    alembic(tmp_path, database, "upgrade", "head")
    with psycopg.connect(database) as conn:
        row = conn.execute("UPDATE customers SET rank = 7 WHERE id = 1 RETURNING seen IS NOT NULL").fetchone()
        assert row == (True,)
    assert (
        pgwright("schema", "diff", "--exclude", "*by_hand", folder=tmp_path, DATABASE_URL=database).returncode
        == 0
    )
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("DROP INDEX by_hand")
    alembic(tmp_path, database, "downgrade", "0001")
    assert compare(SAME.apply(before), SAME.apply(look(database))) == ()
    # Offline mode writes the same statements, bodies of functions letter for letter.
    assert "RAISE NOTICE 'a % :b', 1;" in alembic(tmp_path, database, "upgrade", "head", "--sql")


def test_rename_is_asked_for_and_kept(tmp_path: Path, database: str) -> None:
    """What looks like a rename is refused without an answer, and renamed when told."""
    write_shop(tmp_path)
    create(tmp_path, database, "-m", "first", "--autogenerate")
    models = (tmp_path / "models.py").read_text()
    (tmp_path / "models.py").write_text(
        models.replace('"links"', '"ties"').replace("note:", "remark:").replace("open =", "begun =")
    )
    asked = pgwright("migrate", "create", "-m", "x", "--autogenerate", folder=tmp_path, DATABASE_URL=database)
    assert asked.returncode == 3 and "PW510" in asked.stderr
    assert "--rename public.links=public.ties" in asked.stderr
    assert "--rename public.status.open=public.status.begun" in asked.stderr
    assert len(list((tmp_path / "alembic" / "versions").glob("*.py"))) == 1
    told = (
        "--rename",
        "public.links=public.ties",
        "--rename",
        "public.customers.note=public.customers.remark",
        "--rename",
        "public.status.open=begun",
    )
    path = (
        create(tmp_path, database, "-m", "names", "--autogenerate", *told)
        .splitlines()[0]
        .removeprefix("wrote ")
    )
    text = (tmp_path / path).read_text()
    assert 'op.rename_table("links", "ties")' in text and "drop_table" not in text
    assert 'op.alter_column("customers", "note", new_column_name="remark")' in text
    assert "RENAME VALUE 'open' TO 'begun'" in text and "RENAME VALUE 'begun' TO 'open'" in text


def test_empty_revisions_and_refusals(tmp_path: Path, database: str) -> None:
    """Without --autogenerate a revision is empty; heads are joined first; no file is written over."""
    write_shop(tmp_path)
    first = json.loads(create(tmp_path, database, "-m", "one", "--rev-id", "a1", "--json"))["written"][0]
    assert first["revision"] == "a1" and "pass" in (tmp_path / first["path"]).read_text()
    create(tmp_path, database, "-m", "two", "--rev-id", "b1", "--branch-label", "side")
    create(tmp_path, database, "-m", "three", "--rev-id", "b2", "--head", "a1", "--splice")
    several = pgwright("migrate", "create", "-m", "x", folder=tmp_path, DATABASE_URL=database)
    assert several.returncode == 3 and "--head" in several.stderr
    again = pgwright("migrate", "create", "-m", "x", "--rev-id", "a1", folder=tmp_path, DATABASE_URL=database)
    assert again.returncode == 3 and "PW510" in again.stderr
    ini = tmp_path / "alembic.ini"
    ini.write_text(ini.read_text() + "file_template = fixed\n")
    create(tmp_path, database, "-m", "x", "--head", "b1")
    over = pgwright(
        "migrate", "create", "-m", "x", "--head", "b1", "--splice", folder=tmp_path, DATABASE_URL=database
    )
    assert over.returncode == 3 and "exists already" in over.stderr
    wordless = pgwright("migrate", "create", "-m", " - ", folder=tmp_path, DATABASE_URL=database)
    assert wordless.returncode == 2 and "no word in it" in wordless.stderr
    (tmp_path / "alembic" / "versions" / "broken.py").write_text("def upgrade(:\n")
    broken = pgwright("migrate", "create", "-m", "x", folder=tmp_path, DATABASE_URL=database)
    assert broken.returncode == 4 and "broken.py is not valid Python" in broken.stderr


@pytest.mark.parametrize("system", ["skycaster", "airline"])
def test_systems_have_nothing_to_write(system: str, database: str) -> None:
    """At head, the systems' migrations lead to exactly what their models say."""
    done = create(SYSTEMS / system, database, "-m", "nothing", "--autogenerate")
    assert "nothing changed" in done
