"""CSV into tables: what conflicts, what is refused, what is left behind."""

from __future__ import annotations

import gzip
import itertools
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgwright import Conflict, ImportRequest, prepare_import, run_import
from pgwright.errors import (
    ColumnMismatch,
    FileFormatError,
    ImportFailed,
    PgwrightError,
    UnknownTableError,
    UsageError,
)
from tests.conftest import MakeDatabase
from tests.integration.transfer.importing import USERS, counts, execute, import_path, import_text, rows
from tests.servers.running import Server


def test_new_rows_come_in_and_the_sequence_follows(users: str, tmp_path: Path) -> None:
    text = 'id,email,name,age\n10,c@x,"Cleo, ""the cat""",5\n11,d@x,,6\n12,e@x,"",7\n'
    assert counts(import_text(users, tmp_path / "users.csv", text)) == (3, 3, 0, 0, 0)
    found = rows(users, "SELECT email, name FROM users WHERE id >= 10 ORDER BY id")
    assert found == [("c@x", 'Cleo, "the cat"'), ("d@x", None), ("e@x", "")]
    execute(users, "INSERT INTO users (email) VALUES ('f@x')")
    assert rows(users, "SELECT id FROM users WHERE email = 'f@x'") == [(13,)]


def test_conflicts_fail_skip_or_update(
    each_server: Server, make_database: MakeDatabase, tmp_path: Path
) -> None:
    url = make_database(each_server)
    execute(url, USERS, "INSERT INTO users (email, name, age) VALUES ('a@x', 'Ann', 30), ('b@x', 'Bob', 40)")
    text = "email,name,age\na@x,Anna,31\nc@x,Cleo,5\na@x,Annabel,32\n"
    path = tmp_path / "users.csv"
    with pytest.raises(ImportFailed, match=r"line 2.*users_email_key") as failure:
        import_text(url, path, text)
    assert "nothing was imported" in str(failure.value)
    assert "--on-conflict skip" in str(failure.value.hint)
    skipping = import_text(url, path, text, conflict="skip", dry_run=True)
    assert counts(skipping) == (3, 1, 0, 2, 0)
    assert rows(url, "SELECT count(*) FROM users") == [(2,)]
    updating = import_text(url, path, text, conflict="update", key=("email",))
    assert counts(updating) == (3, 1, 1, 1, 0)
    assert rows(url, "SELECT email, name, age FROM users ORDER BY 1") == [
        ("a@x", "Annabel", 32),
        ("b@x", "Bob", 40),
        ("c@x", "Cleo", 5),
    ]


@pytest.mark.parametrize(
    "wishes", [{}, {"conflict": Conflict.UPDATE, "key": ("email",)}], ids=["at once", "staged"]
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_large_file_tells_how_far_it_is(
    users: str, tmp_path: Path, packed: bool, wishes: dict[str, Any]
) -> None:
    path = tmp_path / "users.csv"
    text = "email,name\n" + "".join(f'u{n}@x,"two\nlines ""{n % 7}"""\n' for n in range(1, 100_001))
    path.write_bytes(gzip.compress(text.encode(), 1) if packed else text.encode())
    told: list[tuple[int, float]] = []
    request = ImportRequest(source=str(path), **wishes)
    with psycopg.connect(users, autocommit=True) as conn:
        prepared = prepare_import(conn, request)
        done = run_import(conn, prepared, lambda rows: told.append((rows, prepared.source.part or 0)))
    assert counts(done) == (100_000, 100_000, 0, 0, 0)
    assert len(told) >= 3 and told == sorted(told) and told[-1] == (100_000, 1.0)
    known = [(rows, part) for rows, part in told if part]
    assert len(known) >= (2 if packed else 10)
    assert all(abs(rows - part * 100_000) < 10_000 for rows, part in known)


def test_newer_wins_whatever_the_order_of_the_file(users: str, tmp_path: Path) -> None:
    text = (
        "email,name,changed\na@x,newest,2025-03-01\na@x,older,2025-02-01\nb@x,too old,2024-01-01\n"
        "n@x,first,2025-01-01\nn@x,second,2025-01-02\n"
    )
    outcome = import_text(
        users,
        tmp_path / "users.csv",
        text,
        conflict="update",
        key=("email",),
        set=("name", "changed", "age = users.age + 1"),
        where="excluded.changed > users.changed",
    )
    assert counts(outcome) == (5, 1, 2, 2, 0)
    assert rows(users, "SELECT email, name, age FROM users ORDER BY 1") == [
        ("a@x", "newest", 31),
        ("b@x", "Bob", 40),
        ("n@x", "second", None),
    ]


TWICE = (
    "CREATE FUNCTION also() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " UPDATE users SET age = 1 WHERE id = NEW.id; RETURN NULL; END $$",
    "CREATE TRIGGER t AFTER INSERT OR UPDATE OF name ON users FOR EACH ROW EXECUTE FUNCTION also()",
)


@pytest.mark.parametrize("setup", [(), TWICE], ids=["plain", "triggers that write as well"])
def test_a_key_may_stand_in_the_file_very_often(users: str, tmp_path: Path, setup: tuple[str, ...]) -> None:
    execute(users, *setup)
    # a@x comes and goes twenty thousand times, c@x is new and comes a few times, b@x is always too old.
    many = [f"a@x,{n},2025-03-01 00:00:{n * 7919 % 20_011 / 1000}" for n in range(1, 20_001)]
    few = [f"c@x,{n},2025-02-0{n}" for n in (3, 1, 5, 2)] + ["b@x,old,2024-01-01"] * 2
    text = "email,name,changed\n" + "\n".join([*few[:3], *many, *few[3:]]) + "\n"
    wishes = {"set": ("name", "changed"), "where": "excluded.changed > users.changed", **BY_EMAIL}
    outcome = import_text(users, tmp_path / "users.csv", text, **wishes)
    times = [n * 7919 % 20_011 for n in range(1, 20_001)]
    records = list(dict.fromkeys(itertools.accumulate(times, max)))
    updated = len(records) + 1  # and c@x once
    assert counts(outcome) == (20_006, 1, updated, 20_005 - updated, 0)
    newest = max(range(len(times)), key=times.__getitem__) + 1
    assert rows(users, "SELECT email, name FROM users ORDER BY 1") == [
        ("a@x", str(newest)),
        ("b@x", "Bob"),
        ("c@x", "5"),
    ]


def test_text_of_another_encoding_is_told_from_bad_rows(users: str, tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match=r"line 3: .*invalid byte sequence") as failure:
        import_text(users, tmp_path / "users.csv", b"email,name\na@x,A\nb@x,caf\xe9\n")
    assert "--encoding latin1" in str(failure.value.hint)


def test_nulls_in_a_key_never_conflict(database: str, tmp_path: Path) -> None:
    execute(database, "CREATE TABLE t (k text UNIQUE, v integer)", "INSERT INTO t VALUES (NULL, 0), ('a', 0)")
    outcome = import_text(
        database, tmp_path / "t.csv", "k,v\n,1\n,2\na,3\na,4\n", conflict="update", key=("k",)
    )
    assert counts(outcome) == (4, 2, 1, 1, 0)
    assert rows(database, "SELECT k, v FROM t ORDER BY 2") == [(None, 0), (None, 1), (None, 2), ("a", 4)]


def test_partitions_triggers_and_identity_are_counted_right(database: str, tmp_path: Path) -> None:
    execute(
        database,
        "CREATE TABLE p (id bigint GENERATED ALWAYS AS IDENTITY, d date, v integer,"
        " twice integer GENERATED ALWAYS AS (v * 2) STORED, PRIMARY KEY (id, d)) PARTITION BY RANGE (d)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2025-01-01') TO ('2025-02-01')",
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2025-02-01') TO ('2025-03-01')",
        "INSERT INTO p (d, v) VALUES ('2025-01-05', 1)",
        # A trigger that writes to the same table: the server's counters are then of no use.
        "CREATE TABLE q (id integer PRIMARY KEY, v integer)",
        "CREATE FUNCTION also() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.id > 0 THEN INSERT INTO q VALUES (-NEW.id, 0); END IF; RETURN NULL; END $$",
        "CREATE TRIGGER t AFTER INSERT ON q FOR EACH ROW EXECUTE FUNCTION also()",
        "INSERT INTO q VALUES (1, 1)",
    )
    text = "id,d,v\n1,2025-01-05,7\n2,2025-02-05,8\n3,2025-09-09,9\n"
    outcome = import_text(database, tmp_path / "p.csv", text, conflict="update", max_rejects=1)
    assert counts(outcome) == (3, 1, 1, 0, 1)
    assert "no partition" in (tmp_path / "p.csv.rejects.csv").read_text()
    assert rows(database, "SELECT v, twice FROM p ORDER BY id") == [(7, 14), (8, 16)]
    outcome = import_text(database, tmp_path / "q.csv", "id,v\n1,2\n5,5\n", conflict="update")
    assert counts(outcome) == (2, 1, 1, 0, 0)
    assert rows(database, "SELECT id, v FROM q ORDER BY 1") == [(-5, 0), (-1, 0), (1, 2), (5, 5)]


def test_other_forms_of_text(users: str, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    latin = "mail;who;what\r\nj@x;Jürgen;skip\r\n".encode("latin1")
    wishes = {"delimiter": ";", "mapping": (("mail", "email"), ("who", "name"), ("what", ""))}
    with pytest.raises(PgwrightError, match=r"UTF8|UTF-8") as failure:
        import_text(users, path, latin, **wishes)
    assert "line 2" in str(failure.value)
    import_text(users, path, gzip.compress(latin), encoding="latin1", **wishes)
    bom = b"\xef\xbb\xbf" + b"email\tname\nk@x\tNULL\n"
    import_text(users, path, bom, delimiter="\t", null="NULL")
    import_text(users, path, "email,name\nu@x,Łukasz 🙂\n".encode("utf-16"), encoding="utf-16")
    import_text(users, path, "x@x,30\n", header=False, mapping=(("1", "email"), ("2", "age")))
    assert rows(users, "SELECT email, name, age FROM users WHERE id > 2 ORDER BY id") == [
        ("j@x", "Jürgen", None),
        ("k@x", None, None),
        ("u@x", "Łukasz 🙂", None),
        ("x@x", None, 30),
    ]


BY_EMAIL = {"conflict": "update", "key": ("email",)}


@pytest.mark.parametrize(
    ("text", "wishes", "error", "words"),
    [
        ("email,nmae\n", {}, ColumnMismatch, "did you mean name"),
        ("name\nx\n", {}, ColumnMismatch, "lacks email"),
        ("email,email\n", {}, FileFormatError, "two columns"),
        ("", {}, FileFormatError, "empty"),
        ("email\nx\n", {"mapping": (("mail", "email"),)}, ColumnMismatch, "did you mean email"),
        ("email\nx\n", {"conflict": "update", "key": ("name",)}, UnknownTableError, "email"),
        ("name,email\nx,y\n", {"table": "user"}, UnknownTableError, "did you mean users"),
        ("email\nx\n", {"where": "true"}, UsageError, "--on-conflict update"),
        (
            "email,age\nx,1\n",
            {"where": "excluded.age > u.age", **BY_EMAIL},
            UsageError,
            "--where .*excluded.*users",
        ),
        (
            "email\nx\n",
            {"where": "excluded.email > 'a'", **BY_EMAIL},
            UsageError,
            "nothing to update.*--where",
        ),
        ("email\nx\n", {"set": ("age = user.age",), **BY_EMAIL}, UsageError, "--set .*excluded.*users"),
        ("email\nx\n", {"set": ("agee",), **BY_EMAIL}, UsageError, "--set .*agee"),
        ("email,age\nx,1\n", {"where": "age >", **BY_EMAIL}, UsageError, "--where"),
        ("email\nx\n", {"encoding": "utf-9"}, UsageError, "utf-9"),
        ("email\nx\n", {"format": "xml"}, UsageError, "csv"),
        (gzip.compress(b"email\n" + b"x@y\n" * 9999, mtime=0)[:-9], {}, FileFormatError, "cut short"),
        (b"\x1f\x8bnot really", {}, FileFormatError, "damaged"),
        (b"\x28\xb5\x2f\xfdnot really", {}, FileFormatError, "damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isprintable() else "",
)
def test_a_file_that_does_not_fit_changes_nothing(
    users: str,
    tmp_path: Path,
    *,
    text: str | bytes,
    wishes: dict[str, object],
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error, match=re.compile(words, re.DOTALL)):
        import_text(users, tmp_path / "users.csv", text, **wishes)
    assert rows(users, "SELECT count(*) FROM users") == [(2,)]


def test_batches_stay_and_the_next_run_goes_on(users: str, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    lines = [f"u{n}@x,{n}" for n in range(1, 1001)]
    text = "email,age\n" + "\n".join(lines) + "\n"
    execute(users, "ALTER TABLE users ADD CONSTRAINT later CHECK (age <> 555)")
    with pytest.raises(ImportFailed, match="line 556") as failure:
        import_text(users, path, text, batch_rows=100)
    assert "what is committed stays, 500 rows" in str(failure.value)
    assert rows(users, "SELECT count(*) FROM users WHERE id > 2") == [(500,)]
    execute(users, "ALTER TABLE users DROP CONSTRAINT later")
    outcome = import_path(users, path, batch_rows=64)
    assert (outcome.resumed_at, counts(outcome)) == (500, (1000, 1000, 0, 0, 0))
    assert rows(users, "SELECT count(*), max(age) FROM users WHERE id > 2") == [(1000, 1000)]
    with pytest.raises(ImportFailed):
        import_path(users, path, batch_rows=64)  # finished, so this begins anew, and every row is there


def test_batches_are_as_large_as_was_said(users: str, tmp_path: Path) -> None:
    execute(users, "CREATE TABLE taken (xid xid8, n int)")
    execute(
        users,
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO taken SELECT pg_current_xact_id(), count(*) FROM added; RETURN NULL; END $$",
        "CREATE TRIGGER t AFTER INSERT ON users REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION note()",
    )
    path = tmp_path / "users.csv.gz"
    text = "email\n" + "".join(f"u{n}@x\n" for n in range(90_000))
    packed = gzip.compress(text.encode(), 1)
    with pytest.raises(FileFormatError, match="cut short") as failure:
        import_text(users, path, packed[: len(packed) * 2 // 3], table="users", batch_rows=50_000)
    assert "what is committed stays, 50,000 rows" in str(failure.value.detail)
    with pytest.raises(FileFormatError) as failure:
        import_text(users, path, packed[:1000], table="users", batch_rows=50_000)
    assert failure.value.detail == "nothing was imported"
    execute(users, "DELETE FROM users", "DELETE FROM taken")
    outcome = import_text(users, path, packed, table="users", batch_rows=30_000)
    assert counts(outcome) == (90_000, 90_000, 0, 0, 0)
    assert rows(users, "SELECT n FROM taken") == [(30_000,)] * 3


def test_row_security_and_missing_rights_are_named(users: str, tmp_path: Path) -> None:
    execute(
        users,
        "DROP ROLE IF EXISTS pgwright_importer",
        "CREATE ROLE pgwright_importer LOGIN PASSWORD 'only-for-a-test'",
    )
    url = psycopg.conninfo.make_conninfo(users, user="pgwright_importer", password="only-for-a-test")
    try:
        for wishes, grant in (({}, "SELECT, INSERT"), (BY_EMAIL, "SELECT, INSERT, UPDATE")):
            with pytest.raises(PgwrightError, match=f"GRANT {grant} ON .*users TO pgwright_importer"):
                import_text(url, tmp_path / "users.csv", "email,name\nz@x,z\n", **wishes)
        execute(
            users,
            "GRANT SELECT, INSERT ON users TO pgwright_importer",
            "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY own ON users USING (true) WITH CHECK (email LIKE '%@x')",
        )
        assert counts(import_text(url, tmp_path / "users.csv", "email\nz@x\n")) == (1, 1, 0, 0, 0)
        with pytest.raises(PgwrightError, match="row-level security"):
            import_text(url, tmp_path / "users.csv", "email\nz@y\n")
    finally:
        execute(users, "DROP OWNED BY pgwright_importer", "DROP ROLE pgwright_importer")
