"""What `schema plan` says of each step, and what the server lacks, before anything is changed."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import MakeDatabase
from tests.integration.schema.command import pgwright
from tests.servers.running import Server

GRANTED = """
CREATE TABLE t (id int PRIMARY KEY, a text);
GRANT SELECT ON t TO nobody_here;
ALTER TABLE t OWNER TO nobody_there;
"""


def test_roles_that_the_server_lacks_are_named_before_anything_is_done(database: str, tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text(GRANTED)
    shown = pgwright("schema", "plan", "file:schema.sql", folder=tmp_path, DATABASE_URL=database)
    assert "the server has no roles nobody_here, nobody_there" in shown.stderr
    told = pgwright("schema", "plan", "file:schema.sql", "--json", folder=tmp_path, DATABASE_URL=database)
    assert any("CREATE ROLE nobody_here" in note for note in json.loads(told.stdout)["notes"])
    for verb in ("apply", "create"):
        done = pgwright("schema", verb, "file:schema.sql", "--yes", folder=tmp_path, DATABASE_URL=database)
        assert done.returncode == 4
        assert "error[PW307]" in done.stderr
        with psycopg.connect(database) as conn:
            assert conn.execute("SELECT to_regclass('public.t')").fetchone() == (None,)
    without = ("--no-owner", "--no-privileges")
    done = pgwright(
        "schema", "apply", "file:schema.sql", "--yes", *without, folder=tmp_path, DATABASE_URL=database
    )
    assert done.returncode == 0, done.stderr


def test_each_step_says_its_phase_and_what_the_way_back_leaves_out(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE t (id int PRIMARY KEY, gone text)")
    (tmp_path / "schema.sql").write_text("CREATE TABLE t (id bigint PRIMARY KEY, late int CHECK (late > 0))")
    shown = pgwright("schema", "plan", "file:schema.sql", folder=tmp_path, DATABASE_URL=database).stdout
    assert "add column public.t.late (expand)" in shown
    assert "validate constraint public.t.t_late_check (backfill)" in shown
    assert "drop column public.t.gone (contract)" in shown
    # A wider number comes back as it was; only the column that is dropped does not.
    assert shown.count("way back: the structure returns, the data does not") == 1
    assert "the way back restores the structure, not the data of step" in shown


def test_the_end_says_what_it_all_comes_to(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE t (id int PRIMARY KEY, gone text); CREATE TABLE old (id int)")
        conn.execute("INSERT INTO t SELECT n FROM generate_series(1, 3000) AS n; ANALYZE t")
    (tmp_path / "schema.sql").write_text("CREATE TABLE t (id bigint PRIMARY KEY)")
    shown = pgwright("schema", "plan", "file:schema.sql", folder=tmp_path, DATABASE_URL=database).stdout
    end = shown[shown.index("rehearsed on scratch") :]
    assert "deletes-data" in end
    assert "written anew while nobody can read or write: public.t (" in end
    assert "about 3,000 rows)" in end
    assert "deleted from: " in end
    assert "public.t.gone" in end
    assert "public.old (" in end
    assert "apply refuses this without --allow deletes-data" in end
    told = pgwright("schema", "plan", "file:schema.sql", "--json", folder=tmp_path, DATABASE_URL=database)
    summary = json.loads(told.stdout)["summary"]
    assert summary["to_allow"] == ["deletes-data"]
    assert len(summary["hazards"]["deletes-data"]) == 2
    assert [(t["name"], t["rows"]) for t in summary["written_anew"]] == [("public.t", 3000)]


def test_a_table_that_is_chosen_brings_the_sequence_of_its_column(database: str, tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text("CREATE TABLE t (id serial PRIMARY KEY); CREATE TABLE u (id serial)")
    made = pgwright("schema", "generate", "file:schema.sql", "--include", "t", folder=tmp_path)
    assert "CREATE SEQUENCE" in made.stdout and "u_id_seq" not in made.stdout
    words = ("schema", "apply", "file:schema.sql", "--include", "t", "--yes")
    done = pgwright(*words, folder=tmp_path, DATABASE_URL=database)
    assert done.returncode == 0, done.stderr
    with psycopg.connect(database, autocommit=True) as conn:
        assert conn.execute("INSERT INTO t DEFAULT VALUES RETURNING id").fetchone() == (1,)
    named = pgwright("schema", "generate", "file:schema.sql", "--include", "v", folder=tmp_path)
    assert named.returncode == 2 and "nothing is called v" in named.stderr


def test_the_command_that_carries_a_plan_out_means_the_same_plan(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE t (id int, mail text); CREATE TABLE other (id int)")
    (tmp_path / "schema.sql").write_text("CREATE TABLE t (id int, email text)")
    words = ("file:schema.sql", "--exclude", "public.o*", "--offline", "--rename", "public.t.mail=email")
    shown = pgwright("schema", "plan", *words, folder=tmp_path, DATABASE_URL=database).stdout
    last = shown.rstrip().rpartition("pgwright schema ")[2]
    assert last == (
        "apply file:schema.sql --exclude 'public.o*' --offline --rename public.t.mail=public.t.email"
    )
    done = pgwright("schema", *shlex.split(last), "--yes", folder=tmp_path, DATABASE_URL=database)
    assert done.returncode == 0, done.stderr


def test_next_commands_lead_to_the_database_of_the_run(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE t (id int, a text); INSERT INTO t VALUES (1, NULL)")
    (tmp_path / "pgwright.toml").write_text(
        '[databases.default]\nurl = "postgresql://nowhere.invalid/x"\n[databases.live]\nurl = "${LIVE}"\n'
    )
    (tmp_path / "schema.sql").write_text("CREATE TABLE t (id int, a text NOT NULL)")
    words = ("--database", "live", "schema", "plan", "file:schema.sql")
    shown = pgwright(*words, folder=tmp_path, LIVE=database).stdout
    assert shown.rstrip().endswith("pgwright --database live schema apply file:schema.sql")
    password = conninfo_to_dict(database)["password"]
    words = ("schema", "plan", "file:schema.sql", "--url", database)
    shown = pgwright(*words, folder=tmp_path).stdout
    assert str(password) not in shown and "****" not in shown
    last = shown.rstrip().rpartition("pgwright ")[2]
    stopped = pgwright(*shlex.split(last), "--yes", folder=tmp_path, PGPASSWORD=str(password))
    assert stopped.returncode == 4
    resume = stopped.stderr.partition("then go on: pgwright ")[2].partition(", or back")[0]
    assert "schema resume" in resume
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("UPDATE t SET a = 'x'")
    done = pgwright(*shlex.split(resume), folder=tmp_path, PGPASSWORD=str(password))
    assert done.returncode == 0, done.stderr


def test_an_extension_that_only_the_target_lacks_names_the_package_of_its_version(
    server_12: Server, make_database: MakeDatabase, tmp_path: Path
) -> None:
    url = make_database(server_12)
    (tmp_path / "schema.sql").write_text("CREATE EXTENSION pg_walinspect;")
    words = ("schema", "apply", "file:schema.sql", "--yes", "--no-privileges", "--no-owner")
    done = pgwright(*words, folder=tmp_path, DATABASE_URL=url)
    assert done.returncode == 4
    assert "the server has no extension pg_walinspect" in done.stderr
    assert "postgresql-12 on Debian" in done.stderr and "postgresql-18" not in done.stderr


def test_a_long_plan_ends_with_what_it_does_in_numbers(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE t (id int, a int, b int); CREATE TABLE old ()")
    made = "".join(f"CREATE TABLE n{n} (id int); CREATE INDEX ON n{n} (id);" for n in range(7))
    (tmp_path / "schema.sql").write_text(f"CREATE TABLE t (id int, c int, b int NOT NULL DEFAULT 1); {made}")
    words = ("schema", "plan", "file:schema.sql", "--rename", "public.t.a=c", "--no-rehearsal")
    shown = pgwright(*words, folder=tmp_path, DATABASE_URL=database).stdout
    said = "make 7 indexes, 7 tables; rename 1 column; change 1 column, 1 default; drop 1 table\n"
    assert said in shown
