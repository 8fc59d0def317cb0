"""Django projects with several databases: each is migrated by its alias, and none reached by mistake."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.conftest import MakeDatabase
from tests.integration.migrate.projects import pgwright, rows
from tests.integration.migrate.two_databases import manage, write_project
from tests.servers.running import Server

# In a migration the directed alias is at hand; this one goes to another.
ASTRAY = """
from django.db import connections, migrations


def stray(apps, schema_editor):
    with connections["archive"].cursor() as cursor:
        cursor.execute("INSERT INTO seen VALUES ('migration')")


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_first")]
    operations = [migrations.RunPython(stray, migrations.RunPython.noop)]
"""
READY = """
from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self):
        from django.db import connections

        with connections["{alias}"].cursor() as cursor:
            cursor.execute("INSERT INTO seen VALUES ('ready')")
"""


@pytest.fixture
def urls(make_database: MakeDatabase, server_18: Server) -> tuple[str, str]:
    """Return two databases, each with a table that tells who was there."""
    found = make_database(server_18), make_database(server_18)
    for url in found:
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("CREATE TABLE seen (who text)")
    return found


def test_nothing_leads_out_of_scratch(tmp_path: Path, urls: tuple[str, str]) -> None:
    """Code that uses another alias is refused wherever migrations or models are only tried."""
    write_project(tmp_path)
    url, other = urls
    manage(tmp_path, url, other, "makemigrations", "-n", "first")
    manage(tmp_path, url, other, "migrate")
    (tmp_path / "shop" / "migrations" / "0002_astray.py").write_text(ASTRAY)
    for words in (
        "migrate upgrade --rehearse",
        "migrate lint",
        "migrate create -m more --autogenerate",
        "migrate repair --yes",
    ):
        done = pgwright(tmp_path, url, *words.split(), ARCHIVE_URL=other)
        assert done.returncode != 0, words
        said = done.stdout + done.stderr
        assert "archive" in said and "schema_editor.connection.alias" in said, said
        assert rows(other, "SELECT who FROM seen") == [], words

    # On the database itself the project's code does what it does under manage.py.
    done = pgwright(tmp_path, url, "migrate", "upgrade", ARCHIVE_URL=other)
    assert done.returncode == 0, done.stderr
    assert rows(other, "SELECT who FROM seen") == [("migration",)]


@pytest.mark.parametrize("alias", ["default", "archive"])
def test_models_are_built_without_any_other_database(
    tmp_path: Path, urls: tuple[str, str], alias: str
) -> None:
    write_project(tmp_path)
    (tmp_path / "shop" / "apps.py").write_text(READY.format(alias=alias))
    done = pgwright(tmp_path, urls[0], "schema", "generate", ARCHIVE_URL=urls[1])
    assert done.returncode != 0
    assert [rows(url, "SELECT who FROM seen") for url in urls] == [[], []]
    if alias == "archive":
        assert "archive is closed" in done.stderr


def test_each_database_by_its_alias(tmp_path: Path, make_database: MakeDatabase, server_18: Server) -> None:
    """All commands work for the database of another alias, and leave the other one alone."""
    write_project(tmp_path)
    url, other = make_database(server_18), make_database(server_18)

    def run(*words: str, code: int = 0) -> str:
        done = pgwright(tmp_path, url, *words, ARCHIVE_URL=other)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    vault = ("--database", "vault", "migrate")
    written = run("migrate", "create", "-m", "first", "--autogenerate")
    assert "shop/migrations/0001_first.py" in written and "vault/migrations" not in written
    # What changed elsewhere is no news for the one who forgot about it.
    hint = "vault changed as well, in another database: pgwright --database vault migrate create"
    assert hint in written
    again = run("migrate", "create", "-m", "again", "--autogenerate")
    assert "nothing changed" in again and hint in again
    written = run(*vault, "create", "-m", "first", "--autogenerate")
    assert "vault/migrations/0001_first.py" in written and "shop" not in written
    assert "vault.0001_first" in run(*vault, "sql")
    assert "CREATE TABLE" in run(*vault, "sql", "vault")
    assert "No changes detected" in manage(tmp_path, url, other, "makemigrations", "--check")

    assert "the end is what the models say" in run(*vault, "upgrade", "--rehearse")
    run(*vault, "upgrade")
    assert "pending" in run("migrate", "status", code=1)
    tables = (
        "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind = 'r' "
        "AND relnamespace = 'public'::regnamespace"
    )
    assert rows(url, tables) == [(None,)]
    assert rows(other, tables) == [("django_migrations vault_document",)]
    run("migrate", "upgrade")
    assert rows(url, tables) == [("django_migrations shop_order",)]
    for words in ((), vault[:2]):
        assert "drift     none" in run(*words, "migrate", "status", "--drift")
        run(*words, "schema", "diff")
        assert "no pending" not in run(*words, "migrate", "lint", "vault.0001_first")

    # Where only the record is lost, it is found by the schema of that database.
    with psycopg.connect(other, autocommit=True) as conn:
        conn.execute("TRUNCATE django_migrations")
    run(*vault, "repair", "--yes")
    assert "vault.0001_first" in run(*vault, "current")
    assert (
        manage(tmp_path, url, other, "migrate", "--database", "archive", "--check", "--verbosity", "0") == ""
    )
    run(*vault, "downgrade", "vault.zero")
    assert rows(other, tables) == [("django_migrations",)]

    toml = tmp_path / "pgwright.toml"
    toml.write_text(toml.read_text().replace('"archive"', '"archiv"'))
    said = run(*vault, "upgrade", code=2)
    assert "no database alias 'archiv'" in said and "default, archive" in said


MIRRORED = """
DATABASES["copy"] = {**database("ARCHIVE_URL"), "TEST": {"MIRROR": "default"}}
"""
READS_COPY = """
from django.db import migrations


def look(apps, schema_editor):
    apps.get_model("shop", "Order").objects.using("copy").count()


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_first")]
    operations = [migrations.RunPython(look, migrations.RunPython.noop)]
"""


def test_a_mirror_is_led_along(tmp_path: Path, urls: tuple[str, str]) -> None:
    """An alias that mirrors another one, as in Django's own tests, has what the scratch database has."""
    write_project(tmp_path)
    settings = tmp_path / "site_settings.py"
    settings.write_text(settings.read_text() + MIRRORED)
    url, other = urls
    manage(tmp_path, url, other, "makemigrations", "shop", "-n", "first")
    manage(tmp_path, url, other, "migrate")
    (tmp_path / "shop" / "migrations" / "0002_reads.py").write_text(READS_COPY)
    done = pgwright(tmp_path, url, "migrate", "upgrade", "--rehearse", ARCHIVE_URL=other)
    assert "rehearsed on a scratch copy of the schema: 1 revision" in done.stdout, done.stderr
    # The database itself has no such table at the place that this alias names.
    done = pgwright(tmp_path, url, "migrate", "upgrade", ARCHIVE_URL=other)
    assert done.returncode == 4 and 'relation "shop_order" does not exist' in done.stderr, done.stderr
