"""`pgwright migrate lint`: what is seen on scratch, joined with what is live."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import psycopg

from tests.integration.migrate.projects import alembic_project, django_project, write_revision
from tests.integration.schema.command import pgwright
from tests.sarif import Artifact, PhysicalLocation, Region, valid

FIRST = """
op.execute("CREATE TABLE big (a int, b int, c text); CREATE TABLE small (a int)")
op.execute("CREATE TYPE mood AS ENUM ('good')")
op.execute("CREATE INDEX of_new ON big (a)")
"""
SECOND = """
op.execute("CREATE INDEX of_big ON big (a)")
op.execute("ALTER TABLE big ALTER COLUMN a TYPE bigint")
op.execute("ALTER TABLE small ALTER COLUMN a TYPE bigint")
op.execute("UPDATE big SET c = 'x'")
op.execute("CREATE INDEX wide ON big " + "(a, b, c, a)")
op.execute("ALTER TYPE mood ADD VALUE 'bad'")
op.execute("CREATE TABLE fresh (a int)")
op.execute("CREATE INDEX of_fresh ON fresh (a)")
op.execute("ALTER TABLE big RENAME COLUMN b TO {long}")
""".format(long="b" * 70)


def lint(folder: Path, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    return pgwright("migrate", "lint", *words, folder=folder, DATABASE_URL=url)


def test_findings_join_scratch_with_live(tmp_path: Path, database: str) -> None:
    """Locks and rewrites are observed, sizes are live, and new tables disturb nobody."""
    alembic_project(tmp_path, [("0001", None, FIRST, "pass")])
    assert pgwright("migrate", "upgrade", folder=tmp_path, DATABASE_URL=database).returncode == 0
    nothing = lint(tmp_path, database)
    assert nothing.returncode == 0 and "nothing to lint" in nothing.stdout
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("INSERT INTO big SELECT n FROM generate_series(1, 20000) n")
        conn.execute("ANALYZE")
    write_revision(tmp_path, "0002", "0001", SECOND)

    done = lint(tmp_path, database, "--json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)["findings"]
    by_rule: dict[str, list[dict[str, object]]] = {}
    for finding in found:
        by_rule.setdefault(str(finding["check"]), []).append(finding)
    rewrites = {str(f["evidence"]["tables"]): f["severity"] for f in by_rule["table_rewrite"]}  # type: ignore[index]
    assert rewrites == {"['public.big']": "warning", "['public.small']": "info"}
    assert "20,000 rows" in str(by_rule["table_rewrite"])
    for rule in ("backfill", "no_way_back", "long_identifier", "wide_index", "enum_value_unplaced"):
        assert rule in by_rule, rule
    assert "unchecked_code" in by_rule  # the computed index
    indexes = str([(f["message"], f["hint"]) for f in by_rule["require-concurrent-index-creation"]])
    assert "of_big" in indexes and "autocommit_block" in indexes and "SHARE was seen on public.big" in indexes
    assert "fresh" not in indexes and "of_new" not in indexes


SAFE_FIRST = """
op.execute("CREATE TABLE big (a int, b int, c text); CREATE TABLE small (a int PRIMARY KEY)")
op.execute("CREATE TYPE mood AS ENUM ('good'); CREATE INDEX old ON big (c)")
op.execute("CREATE TABLE parts (a int) PARTITION BY LIST (a)")
op.execute("CREATE TABLE part PARTITION OF parts FOR VALUES IN (1)")
op.execute("CREATE TABLE other (a int)")
"""
UNSAFE = """
op.create_index("of_big", "big", ["a"])
op.drop_index("old", table_name="big")
op.create_foreign_key(
    "to_small",
    "big",
    "small",
    ["a"],
    ["a"],
)
op.create_check_constraint("positive", "big", "a > 0")
op.alter_column("big", "b", nullable=False)
op.create_unique_constraint("no_two", "big", ["a", "b"], deferrable=True)
op.execute(
    "CREATE INDEX by_hand ON big (b)"
)
"""
SEEN = {
    'op.execute("ALTER TABLE big VALIDATE CONSTRAINT later")': "scan_under_lock",
    'op.execute("ALTER TABLE other ADD COLUMN x int")': "several_locks",
    'op.execute("ALTER TABLE big ALTER b SET DEFAULT random()")': "default_changed",
    'op.execute("ALTER TABLE parts DETACH PARTITION part")': "partition_lock",
    'op.execute("ALTER TABLE parts ATTACH PARTITION part FOR VALUES IN (2)")': "partition_lock",
    "op.execute(\"ALTER TYPE mood ADD VALUE 'bad' AFTER 'good'\")": "enum_value_in_transaction",
    '    op.execute("CREATE TABLE once (a int)")': "not_repeatable",
    'op.execute("SELECT 1; COMMIT") if False else None': "transaction_control",
    'op.execute("ALTER TABLE big RENAME COLUMN c TO d")': "renaming-column",
}


def placed(folder: Path, text: str) -> dict[str, set[str]]:
    """Return the rules that found something, each with the lines of the file that it points at."""
    found: dict[str, set[str]] = {}
    for finding in json.loads(text)["findings"]:
        if "file" in finding["evidence"]:
            lines = (folder / finding["evidence"]["file"]).read_text().splitlines()
            found.setdefault(finding["check"], set()).add(lines[finding["evidence"]["line"] - 1].strip())
    return found


def test_findings_point_at_their_lines_and_the_diff_mends_them(tmp_path: Path, database: str) -> None:
    """Each finding names its line; the safe form applies as a patch, runs, and is found no fault with."""
    alembic_project(tmp_path, [("0001", None, SAFE_FIRST, "pass")])
    assert pgwright("migrate", "upgrade", folder=tmp_path, DATABASE_URL=database).returncode == 0
    body = 'op.execute("ALTER TABLE big ADD CONSTRAINT later CHECK (a > 1) NOT VALID")\n'
    block = "with op.get_context().autocommit_block():\n"
    lines = "\n".join(block + line if line.startswith("    ") else line for line in SEEN)
    write_revision(tmp_path, "0002", "0001", body + lines, "pass")
    found = placed(tmp_path, lint(tmp_path, database, "--json").stdout)
    assert {line: rule for line, rule in SEEN.items() if line.strip() not in found.get(rule, ())} == {}
    assert found["no_lock_timeout"] == {body.strip()}
    env = tmp_path / "alembic" / "env.py"
    env.write_text(env.read_text() + "# lock_timeout\n")

    path = write_revision(tmp_path, "0002", "0001", UNSAFE, "pass")
    found = placed(tmp_path, lint(tmp_path, database, "--json").stdout)
    assert "no_lock_timeout" not in found
    mended = {
        "require-concurrent-index-creation": {'op.create_index("of_big", "big", ["a"])', "op.execute("},
        "require-concurrent-index-deletion": {'op.drop_index("old", table_name="big")'},
        "adding-foreign-key-constraint": {"op.create_foreign_key("},
        "constraint-missing-not-valid": {'op.create_check_constraint("positive", "big", "a > 0")'},
        "adding-not-nullable-field": {'op.alter_column("big", "b", nullable=False)'},
        "disallowed-unique-constraint": {
            'op.create_unique_constraint("no_two", "big", ["a", "b"], deferrable=True)'
        },
    }
    assert {rule: found.get(rule) for rule in mended} == mended
    patch = lint(tmp_path, database, "--format", "diff")
    assert patch.stdout.startswith("--- a/alembic/versions/0002.py")
    subprocess.run(["git", "apply", "-"], input=patch.stdout, text=True, cwd=tmp_path, check=True)
    assert path.read_text().count("autocommit_block") == 7
    assert not set(mended) & set(placed(tmp_path, lint(tmp_path, database, "--json").stdout))
    assert pgwright("migrate", "upgrade", folder=tmp_path, DATABASE_URL=database).returncode == 0


def test_comments_formats_and_missing_database(tmp_path: Path) -> None:
    """Comments accept with a reason; without a database the newest is linted; other programs can read it."""
    alembic_project(tmp_path, [("0001", None, FIRST, "pass")])
    path = write_revision(
        tmp_path, "0002", "0001", 'op.execute("ALTER TABLE big ALTER COLUMN a TYPE bigint")'
    )
    text = path.read_text()
    path.write_text(
        text + "# pgwright: ignore-file=table_rewrite because it is small\n"
        "# pgwright: ignore-file=backfill because of nothing\n# pgwright: ignore-file=no_way_back\n"
    )
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    done = lint(tmp_path, nowhere, "--format", "sarif")
    results = valid(done.stdout).results
    rules = [result.rule_id for result in results]
    places = [r.locations[0].physical_location for r in results if r.rule_id == "unused_ignore"]
    line = Region(start_line=len(path.read_text().splitlines()) - 1)
    assert places[0] == PhysicalLocation(artifact_location=Artifact("alembic/versions/0002.py"), region=line)
    assert done.returncode == 1
    assert "table_rewrite" not in rules and {"unused_ignore", "ignore_without_reason", "no_way_back"} <= set(
        rules
    )
    assert "database_unreachable" in rules
    annotated = lint(tmp_path, nowhere, "--format", "github").stdout
    assert (
        "::warning file=alembic/versions/0002.py,line=" in annotated and "title=unused_ignore::" in annotated
    )

    # Those who annotate a pull request name files from the top of its repository.
    subprocess.run(["git", "init", "-q"], cwd=tmp_path.parent, check=True)
    below = f"file={tmp_path.name}/alembic/versions/0002.py,line="
    assert below in lint(tmp_path, nowhere, "--format", "github").stdout
    shutil.rmtree(tmp_path.parent / ".git")
    for words in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "x"),
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    assert "nothing to lint" in lint(tmp_path, nowhere, "--since", "HEAD").stdout
    write_revision(tmp_path, "0003", "0002", 'op.execute("SELECT broken")')
    failing = lint(tmp_path, nowhere, "--since", "HEAD")
    assert failing.returncode == 1 and "fails_on_scratch" in failing.stdout
    unknown = lint(tmp_path, nowhere, "nonsense")
    assert unknown.returncode == 2 and "pgwright migrate history" in unknown.stderr


ACCEPTED = """
# pgwright: ignore=table_rewrite because it is small,
# as all know
op.execute(
    "ALTER TABLE big ALTER COLUMN a TYPE bigint"
)
op.execute("ALTER TABLE big ALTER COLUMN b TYPE bigint")  # pgwright: ignore=table_rewrite because so
op.execute("ALTER TABLE small ALTER COLUMN a TYPE bigint")
# pgwright: ignore=table_rewrite because of nothing
op.execute("UPDATE big SET c = 'x'")
"""
DJANGO_ACCEPTED = """
# pgwright: ignore=table_rewrite because it is small
migrations.RunSQL(
    "ALTER TABLE shop_big ALTER COLUMN a TYPE bigint", "SELECT 1"
),
migrations.RunSQL("ALTER TABLE shop_big ALTER COLUMN a TYPE integer", "SELECT 1"),
"""


def test_a_comment_counts_for_its_statement(tmp_path: Path) -> None:
    """The statement at a comment or below it is accepted; the same rule still finds the others."""
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    made, other = tmp_path / "alembic_shop", tmp_path / "django_shop"
    alembic_project(made, [("0001", None, FIRST, "pass"), ("0002", "0001", ACCEPTED, "pass")])
    done = lint(made, nowhere, "0002", "--json")
    found = placed(made, done.stdout)
    assert found["table_rewrite"] == {ACCEPTED.splitlines()[7]}
    assert found["unused_ignore"] == {ACCEPTED.splitlines()[8]}
    assert "ignore-file=table_rewrite" in done.stdout and found["backfill"]

    django_project(other, {"0001_first": (True, DJANGO_FIRST), "0002_second": (True, DJANGO_ACCEPTED)})
    for path in (other / "shop" / "migrations").glob("0*.py"):
        path.write_text(path.read_text().replace("import migrations", "import migrations, models", 1))
    found = placed(other, lint(other, nowhere, "shop.0002_second", "--json").stdout)
    assert found["table_rewrite"] == {DJANGO_ACCEPTED.splitlines()[5]} and "unused_ignore" not in found


DJANGO_FIRST = """
migrations.CreateModel("Who", [("id", models.BigAutoField(primary_key=True))]),
migrations.CreateModel("Big", [
    ("id", models.BigAutoField(primary_key=True)),
    ("a", models.IntegerField(null=True)),
]),
"""
DJANGO_UNSAFE = """
migrations.AddIndex("big", models.Index(fields=["a"], name="of_big")),
migrations.AddConstraint(
    model_name="big",
    constraint=models.CheckConstraint(condition=models.Q(a__gt=0), name="positive"),
),
migrations.AddConstraint("big", models.UniqueConstraint(fields=["a"], name="no_two")),
migrations.AddField("big", "who", models.ForeignKey("shop.who", on_delete=models.CASCADE, null=True)),
migrations.AlterField("big", "a", models.IntegerField()),
"""


def test_django_diff_mends_too(tmp_path: Path, database: str) -> None:
    """Operations are known by their lines, and the patch puts safe ones in their place."""
    files = {"0001_first": (True, DJANGO_FIRST), "0002_second": (True, DJANGO_UNSAFE)}
    django_project(tmp_path, files)
    for path in (tmp_path / "shop" / "migrations").glob("0*.py"):
        path.write_text(path.read_text().replace("import migrations", "import migrations, models", 1))
    found = placed(tmp_path, lint(tmp_path, database, "shop.0002_second", "--json").stdout)
    assert found["require-concurrent-index-creation"] >= {DJANGO_UNSAFE.splitlines()[1]}
    assert found["constraint-missing-not-valid"] >= {"migrations.AddConstraint("}
    assert found["disallowed-unique-constraint"] == {DJANGO_UNSAFE.splitlines()[6]}
    assert found["adding-not-nullable-field"] == {DJANGO_UNSAFE.splitlines()[-1]}
    patch = lint(tmp_path, database, "shop.0002_second", "--format", "diff").stdout
    subprocess.run(["git", "apply", "-"], input=patch, text=True, cwd=tmp_path, check=True)
    rest = placed(tmp_path, lint(tmp_path, database, "shop.0002_second", "--json").stdout)
    assert not {
        rule for rule in rest if rule.startswith(("require-conc", "constraint-", "adding-", "disallowed-"))
    }, rest
    done = pgwright("migrate", "upgrade", folder=tmp_path, DATABASE_URL=database)
    assert done.returncode == 0, done.stderr


def test_django_is_linted_too(tmp_path: Path, database: str) -> None:
    """Python that cannot be checked needs a sign-off; what Django would run is judged."""
    first = 'migrations.RunSQL("CREATE TABLE big (a int)", "DROP TABLE big"),'
    second = (
        'migrations.RunSQL("CREATE INDEX of_big ON big (a)", "DROP INDEX of_big"),\n'
        "migrations.RunPython(print),\n"
        "# pgwright: checked because it does nothing\nmigrations.RunPython(migrations.RunPython.noop),"
    )
    django_project(tmp_path, {"0001_first": (True, first), "0002_second": (True, second)})
    done = lint(tmp_path, database, "shop.0002_second", "--json")
    assert done.returncode == 1, done.stderr
    found = [f["check"] for f in json.loads(done.stdout)["findings"]]
    assert found.count("unchecked_code") == 1 and found.count("no_way_back") == 2
    assert "AddIndexConcurrently" in done.stdout


DECLARED = """
from pgwright.contrib.sqlalchemy import Retain, TimeSeries, declare_policies
declare_policies(op.get_bind(), "log", TimeSeries("at", "1 month"), Retain("1 year"))
declare_policies(op.get_bind(), "log", Retain("2 years"))
"""
DJANGO_LOG = """
migrations.CreateModel("Log", [("at", models.DateTimeField(primary_key=True))], options={"db_table": "log"}),
"""
DJANGO_DECLARED = """
CreateHypertable("log", TimeSeries("at", "1 month")),
AddRetention("log", Retain("1 year")),
"""


def test_declarations_are_seen_to_lock(tmp_path: Path, database: str) -> None:
    """What a declaration locks is one finding at its line, with the size of the live table."""
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE log (at timestamptz PRIMARY KEY)")
        conn.execute("INSERT INTO log SELECT now() - n * interval '1 hour' FROM generate_series(1, 20000) n")
        conn.execute("ANALYZE")
    made, other = tmp_path / "alembic_shop", tmp_path / "django_shop"
    create = 'op.execute("CREATE TABLE log (at timestamptz PRIMARY KEY)")'
    alembic_project(made, [("0001", None, create, "pass"), ("0002", "0001", DECLARED, "pass")])
    django_project(other, {"0001_first": (True, DJANGO_LOG), "0002_second": (True, DJANGO_DECLARED)})
    nouns = "AddRetention, CreateHypertable, Retain, TimeSeries"
    for path in (other / "shop" / "migrations").glob("0*.py"):
        head = f"from django.db import models\nfrom pgwright.contrib.django.timeseries import {nouns}\n"
        path.write_text(head + path.read_text())
    for folder, line in ((made, DECLARED.splitlines()[2]), (other, DJANGO_DECLARED.splitlines()[1])):
        name = "0002" if folder is made else "shop.0002_second"
        done = lint(folder, database, name, "--json")
        found = placed(folder, done.stdout)
        assert found["declared_under_lock"] == {line}, done.stdout
        assert not {rule for rule in found if "-" in rule}, "squawk does not judge what pgwright writes"
        assert "public.log: 20,000 rows" in done.stdout and "policy convert public.log" in done.stdout
