"""Personal data is masked, or nothing is written."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from pgwright.errors import ConfigError, MaskUnfollowed, UnknownTableError
from pgwright.transfer.exports import ExportRequest, run_export
from tests.conftest import MakeDatabase
from tests.integration.transfer.exporting import export
from tests.integration.transfer.importing import counts, execute, import_path
from tests.servers.running import Server


def test_a_mask_for_no_column_writes_nothing(database: str, tmp_path: Path) -> None:
    execute(database, "CREATE TABLE p (id int PRIMARY KEY, email text)", "INSERT INTO p VALUES (1, 'a@x')")
    path = tmp_path / "p.csv"
    with pytest.raises(UnknownTableError, match=r"p\.emial; did you mean p\.email"):
        export(database, path, "p", asked_masks={"p.emial": "hash"})
    with pytest.raises(UnknownTableError, match=r"emial; did you mean email"):
        export(database, path, query="SELECT email FROM p", asked_masks={"emial": "hash"})
    for rule in ("p.emial", "public.p.emial"):
        with pytest.raises(ConfigError, match=r"p\.email\?"):
            export(database, path, "p", masks={rule: "hash"})
    assert not path.exists()
    (done,) = export(
        database, path, "p", masks={"p.email": "keep", "q.x": "hash"}, asked_masks={"*.email": "null"}
    )
    assert done.masked == ("email",) and path.read_bytes() == b"id,email\n1,\n"


def test_masks_hide_and_stay_joinable(database: str, tmp_path: Path) -> None:
    execute(
        database,
        "CREATE TABLE p (id integer PRIMARY KEY, email varchar(40) UNIQUE, full_name text, born date,"
        " pay numeric, note text, key uuid)",
        "COMMENT ON COLUMN p.email IS 'Where we write to. pgwright:mask=fake'",
        "COMMENT ON COLUMN p.note IS 'pgwright:mask=null'",
        "INSERT INTO p SELECT g, 'real' || g || '@corp', 'Real Name', '1980-01-01', 5000, 'secret',"
        " 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' FROM generate_series(1, 50) g",
        "INSERT INTO p (id) VALUES (51)",
    )
    rules = {"p.full_name": "fake", "born": "keep", "public.p.pay": "hash", "*.key": "hash", "p.born": "fake"}
    path = tmp_path / "p.csv"
    (done,) = export(database, path, "p", masks=rules, mask_key="k1")
    text = path.read_text()
    assert done.masked == ("email", "full_name", "born", "pay", "note", "key")
    for hidden in ("real", "corp", "Real Name", "5000", "secret", "1980-01-01", "a0eebc99"):
        assert hidden not in text
    assert text.count("@example.com") == 50
    assert text.splitlines()[-1] == "51,,,,,,"
    execute(database, "DELETE FROM p")
    assert counts(import_path(database, path)) == (51, 51, 0, 0, 0)
    for bad, error in (({"p.email": "hsah"}, "did you mean hash"), ({"p.id": "null"}, "must not be null")):
        with pytest.raises(ConfigError, match=error):
            export(database, path, "p", masks=bad)


PEOPLE = (
    "CREATE TABLE people (old int, id int PRIMARY KEY, email varchar(40), city text, pay numeric)",
    "ALTER TABLE people DROP COLUMN old",
    "COMMENT ON COLUMN people.email IS 'pgwright:mask=fake'",
    "INSERT INTO people SELECT g, 'real' || g || '@corp', 'city' || g % 3, g FROM generate_series(1, 9) g",
    "CREATE TABLE visit (id int, person int REFERENCES people, at date) PARTITION BY RANGE (at)",
    "CREATE TABLE visit_2025 PARTITION OF visit FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
    "INSERT INTO visit SELECT g, g, '2025-06-01' FROM generate_series(1, 9) g",
    "CREATE VIEW contact AS SELECT p.*, upper(email) AS loud FROM people p WHERE email LIKE 'real%'",
    "CREATE MATERIALIZED VIEW kept AS SELECT id AS number, email AS mail FROM contact",
    "CREATE VIEW cities AS SELECT city FROM contact",
    "CREATE FUNCTION addresses() RETURNS SETOF text LANGUAGE sql AS 'SELECT email FROM people'",
)


@pytest.fixture(scope="module")
def people(server_18: Server, make_module_database: MakeDatabase) -> str:
    url = make_module_database(server_18)
    execute(url, *PEOPLE)
    return url


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, email FROM people",
        "SELECT * FROM people",
        "WITH p AS (SELECT * FROM people) SELECT id, email AS \"E Mail\" FROM p WHERE email > 'a' LIMIT 5;",
        "SELECT v.at, q.e, q.id FROM (SELECT id, email AS e FROM people) q JOIN visit v ON v.person = q.id",
        "SELECT email FROM people GROUP BY email",
        "SELECT id, email FROM contact",
        "SELECT number, mail FROM kept",
        "TABLE people",
    ],
)
def test_a_query_masks_what_its_columns_come_from(people: str, tmp_path: Path, query: str) -> None:
    table, path = tmp_path / "people.csv", tmp_path / "q.csv"
    export(people, table, "people", mask_key="k")
    (done,) = export(people, path, query=query, mask_key="k")
    assert len(done.masked) == 1
    found = re.findall(r"user\w+@example\.com", path.read_text())
    assert "corp" not in path.read_text() and len(found) >= 5
    assert set(found) <= set(re.findall(r"user\w+@example\.com", table.read_text()))  # so that they join
    export(people, path, query=query, unmasked=True)
    assert "real1@corp" in path.read_text()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT id, split_part(email, '@', 2) AS domain FROM people", ["domain"]),
        ("SELECT email || '' AS a, id + 1 AS b FROM people", ["a", "b"]),
        ("SELECT row_to_json(p) AS doc FROM people p", ["doc"]),
        ("SELECT p AS whole FROM contact p", ["whole"]),
        ("SELECT email FROM people UNION SELECT city FROM people", ["email"]),
        ("SELECT id, loud FROM contact", ["loud"]),
        ("SELECT string_agg(mail, ',') AS mails FROM kept", ["mails"]),
        ("SELECT (SELECT max(email) FROM people) AS m, at FROM visit", ["m"]),
        ("SELECT * FROM addresses() AS a", ["a"]),
        ("SELECT email, count(*) AS n FROM people GROUP BY email", ["n"]),
    ],
)
def test_what_a_mask_cannot_follow_is_refused(
    people: str, tmp_path: Path, query: str, names: list[str]
) -> None:
    path = tmp_path / "q.csv"
    with pytest.raises(MaskUnfollowed, match=", ".join(names)) as refused:
        export(people, path, query=query)
    assert "addresses" in query or "public.people.email" in str(refused.value)
    assert f"--mask {names[0]}=" in str(refused.value.hint) and not path.exists()
    (done,) = export(people, path, query=query, asked_masks=dict.fromkeys(names, "keep"))
    assert not set(names) & set(done.masked)
    assert "corp" in path.read_text().lower() or "n" in names


def test_a_query_says_itself_what_its_columns_are(people: str, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    query = "SELECT split_part(email, '@', 2) AS domain, city, email FROM people"
    (done,) = export(
        people, path, query=query, asked_masks={"domain": "hash", "people.city": "null", "email": "keep"}
    )
    assert done.masked == ("domain", "city")
    assert "real1@corp" in path.read_text() and "city" not in path.read_text().partition("\n")[2]
    (done,) = export(people, path, query=query, masks={"*.domain": "null"})
    assert done.masked == ("domain", "email")
    with pytest.raises(ConfigError, match=r"people\.emial"):
        export(people, path, query=query, masks={"people.emial": "hash", "*.domain": "null"})


@pytest.mark.parametrize(
    "query",
    [
        "SELECT city, count(*) FROM people GROUP BY city",
        "SELECT date_trunc('month', at) AS month, count(*) FROM visit GROUP BY 1",
        "SELECT count(*) FROM contact",
        "SELECT upper(city) AS c FROM contact",
        "SELECT lower(city) AS c FROM cities",
        "SELECT 1 AS one, relname FROM pg_class",
        "SELECT row_to_json(v) AS doc FROM visit v",
    ],
)
def test_a_query_that_shows_nothing_masked_passes(people: str, tmp_path: Path, query: str) -> None:
    (done,) = export(people, tmp_path / "q.csv", query=query)
    assert done.masked == ()


def test_what_may_make_no_view_is_not_trusted(people: str, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    standby = psycopg.conninfo.make_conninfo(people, options="-c default_transaction_read_only=on")
    (done,) = export(standby, path, query="SELECT city, email FROM people")
    assert done.masked == ("email",)
    with pytest.raises(MaskUnfollowed):
        export(standby, path, query="SELECT count(*) FROM visit")


def test_a_partition_is_masked_as_its_table_is(database: str, tmp_path: Path) -> None:
    execute(
        database,
        "CREATE TABLE v (email text, name text, at date) PARTITION BY RANGE (at)",
        "CREATE TABLE v1 PARTITION OF v FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
        "COMMENT ON COLUMN v.email IS 'pgwright:mask=hash'",
        "INSERT INTO v VALUES ('real@corp', 'Real Name', '2025-02-02')",
    )
    for wishes in ({"tables": ("v1",)}, {"query": "SELECT name, email FROM v1"}):
        path = tmp_path / "v.csv"
        request = ExportRequest(output=str(path), masks={"v.name": "hash"}, **wishes)
        (done,) = run_export(database, request)
        assert sorted(done.masked) == ["email", "name"]
        assert "real" not in path.read_text() and "Real" not in path.read_text()
