"""What `pgwright migrate lint` advises: a remedy that fits each statement, and nothing about what is new."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.migrate.projects import alembic_project, django_project
from tests.integration.migrate.test_lint import lint

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
STANDS = """
op.execute("CREATE TABLE big (a int PRIMARY KEY, b int, c text, d int); CREATE TABLE other (a int UNIQUE)")
op.execute("CREATE TYPE mood AS ENUM ('glad'); CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
op.execute("CREATE VIEW seen AS SELECT d FROM big; CREATE MATERIALIZED VIEW kept AS SELECT d FROM other, big")
op.execute("CREATE TABLE parts (a int, b int) PARTITION BY LIST (a)")
op.execute("CREATE TABLE gone (a int); CREATE TABLE more (a int)")
"""
# Each statement with the only rule that speaks of it beside taste, and a part of its hint.
ADVICE = {
    'op.execute("ALTER TABLE big ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES other (a)")': (
        "adding-foreign-key-constraint",
        "op.create_foreign_key(..., postgresql_not_valid=True)",
    ),
    'op.execute("ALTER TABLE other ADD CONSTRAINT pk PRIMARY KEY (a)")': (
        "adding-serial-primary-key-field",
        "PRIMARY KEY USING INDEX",
    ),
    'op.execute("ALTER TABLE big ADD CONSTRAINT x EXCLUDE USING btree (b WITH =)")': (
        "constraint-missing-not-valid",
        "nor leave it unchecked",
    ),
    'op.execute("ALTER TABLE big ADD COLUMN e float DEFAULT random()")': ("table_rewrite", "fill old rows"),
    'op.execute("ALTER TABLE big ADD COLUMN f int GENERATED ALWAYS AS (b + 1) STORED")': (
        "table_rewrite",
        "VIRTUAL",
    ),
    'op.execute("REFRESH MATERIALIZED VIEW kept")': ("table_rewrite", "CONCURRENTLY"),
    'op.execute("CLUSTER big USING big_pkey")': ("table_rewrite", "pg_repack"),
    'op.execute("ALTER TABLE big RENAME COLUMN c TO g")': ("renaming-column", "mapped_column"),
    'op.execute("DROP TABLE gone")': ("ban-drop-table", "gone for good"),
    'op.execute("DROP FUNCTION one()")': ("ban-drop-function", "nothing else in the database"),
    "op.execute(\"ALTER TYPE mood RENAME VALUE 'glad' TO 'happy'\")": ("renaming-object", "both names"),
    'op.execute("TRUNCATE more")': ("deletes_rows", "backup create"),
    'op.create_index("of_parts", "parts", ["b"])': ("require-concurrent-index-creation", "ON ONLY"),
    'op.create_foreign_key("of_part", "parts", "other", ["b"], ["a"])': (
        "adding-foreign-key-constraint",
        "each partition",
    ),
}
# Nobody can miss or wait for any of this.
SILENT = """
op.execute("ALTER TABLE big ADD COLUMN h timestamptz DEFAULT now()")
op.execute("DROP VIEW seen")
op.execute("CREATE VIEW seen AS SELECT d, a FROM big")
op.execute("CREATE TYPE size AS ENUM ('s'); CREATE TABLE young (a int)")
op.execute("ALTER TYPE size RENAME VALUE 's' TO 't'")
op.create_foreign_key("of_young", "young", "other", ["a"], ["a"])
"""
TASTE = ("prefer-", "several_locks", "backfill", "no_way_back", "no_lock_timeout", "enum_value")


def findings(folder: Path, *words: str) -> tuple[list[str], list[tuple[str, str, str]], dict[str, object]]:
    """Return the lines of the second migration, what was found (line, rule, hint), and all that was said."""
    (path,) = folder.rglob("0002*.py")
    said = json.loads(lint(folder, NOWHERE, *words, "--json").stdout)
    lines = path.read_text().splitlines()
    found = [
        (lines[one["evidence"]["line"] - 1].strip(), one["check"], one["hint"])
        for one in said["findings"]
        if "line" in one["evidence"] and not one["check"].startswith(TASTE)
    ]
    return lines, found, said


def test_each_statement_has_one_finding_with_its_own_remedy(tmp_path: Path) -> None:
    body = "\n".join(ADVICE) + SILENT
    alembic_project(tmp_path, [("0001", None, STANDS, "pass"), ("0002", "0001", body, "pass")])
    _, found, said = findings(tmp_path, "0002")
    assert sorted((line, rule) for line, rule, _ in found) == sorted((s, r) for s, (r, _) in ADVICE.items())
    for line, _, hint in found:
        assert ADVICE[line][1] in hint, (line, hint)
    safe = {one["check"] for one in said["findings"] if "diff" in one["evidence"]}  # type: ignore[attr-defined]
    # Not even these where the table is partitioned and nobody knows the server.
    assert safe == set()


def test_what_fails_is_placed_and_the_rest_is_counted(tmp_path: Path) -> None:
    broken = 'op.execute("SELECT 1")\nop.execute("ALTER TABLE nowhere ADD COLUMN a int")'
    revisions = [("0001", None, STANDS, "pass"), ("0002", "0001", broken, ""), ("0003", "0002", "", "")]
    alembic_project(tmp_path, revisions)
    _, found, said = findings(tmp_path, "0002", "0003")
    assert [(line, rule) for line, rule, _ in found] == [(broken.splitlines()[1], "fails_on_scratch")]
    assert (said["migrations"], said["left_out"]) == (["0002"], ["0003"])
    assert "not linted: 1 migration" in lint(tmp_path, NOWHERE, "0002", "0003").stdout


DJANGO_STANDS = """
migrations.CreateModel("Who", [("id", models.BigAutoField(primary_key=True))]),
migrations.CreateModel("Big", [("id", models.BigAutoField(primary_key=True))]),
migrations.CreateModel("Gone", [("id", models.BigAutoField(primary_key=True))]),
"""
DJANGO_ADVICE = {
    'migrations.AddField("big", "who", models.ForeignKey("shop.who", models.CASCADE, null=True)),': [
        ("adding-foreign-key-constraint", "AddFieldOnline"),
        ("require-concurrent-index-creation", "AddFieldOnline"),
    ],
    'migrations.AddField("big", "rank", models.IntegerField(default=1)),': [
        ("default_changed", "db_default")
    ],
    'migrations.DeleteModel("Gone"),': [("ban-drop-table", "gone for good")],
    'migrations.AddField("big", "likes", models.ManyToManyField("shop.who", related_name="+")),': [],
}


def test_django_hears_of_its_own_operations(tmp_path: Path) -> None:
    files = {"0001_first": (True, DJANGO_STANDS), "0002_second": (True, "\n".join(DJANGO_ADVICE))}
    django_project(tmp_path, files)
    for path in (tmp_path / "shop" / "migrations").glob("0*.py"):
        path.write_text(path.read_text().replace("import migrations", "import migrations, models", 1))
    _, found, _ = findings(tmp_path, "shop.0002_second")
    wanted = [(line, *one) for line, several in DJANGO_ADVICE.items() for one in several]
    assert sorted((line, rule) for line, rule, _ in found) == sorted(w[:2] for w in wanted)
    for line, rule, word in wanted:
        assert any(word in hint for at, of, hint in found if (at, of) == (line, rule)), (line, rule)
