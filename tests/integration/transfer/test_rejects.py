"""Rows that are refused: found, put aside with the reason, and lost by nothing."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgwright.errors import ImportFailed, StorageError
from pgwright.transfer.imports import staging
from pgwright.transfer.imports.staging import copy_blocks
from tests.conftest import MakeDatabase
from tests.integration.transfer.importing import USERS, counts, execute, import_path, import_text, rows
from tests.servers.running import Server


def test_bad_rows_are_put_aside_with_line_column_value_and_reason(
    each_server: Server, make_database: MakeDatabase, tmp_path: Path
) -> None:
    url = make_database(each_server)
    execute(url, USERS, "CREATE TABLE notes (email text REFERENCES users (email), note text)")
    text = (
        b"email,name,age\n"
        b'a@x,"two\nlines",1\n'
        b"b@x,B,old\n"  # line 4
        b"c@x,C\n"  # 5: a column is missing
        b"d@x,D,4,5\n"  # 6: one too many
        b"e@x,\xe9,5\n"  # 7: not UTF-8
        b'"f@x","F\n\nF",-6\n'  # 8 to 10: refused by the check
        b",G,7\n"  # 11: null
        b"h@x,H,8\n"
        b"\\.\n"  # 13
        b"i@x,I,9\n"
        b'j@x,"open,10\n'  # 15
    )
    outcome = import_text(url, tmp_path / "users.csv", text, max_rejects=10)
    assert counts(outcome) == (11, 3, 0, 0, 8)
    assert outcome.rejects == str(tmp_path / "users.csv.rejects.csv")
    with Path(outcome.rejects).open(newline="") as file:
        found = {int(row["line"]): row for row in csv.DictReader(file)}
    assert list(found) == [4, 5, 6, 7, 8, 11, 13, 15]
    assert (found[4]["column"], found[4]["value"], found[4]["record"]) == ("age", "old", "b@x,B,old")
    assert "integer" in found[4]["reason"]
    assert "age" in found[5]["reason"] and "extra data" in found[6]["reason"]
    assert "UTF8" in found[7]["reason"]
    assert (found[8]["column"], found[8]["value"]) == ("age", "-6")
    assert "users_age_check" in found[8]["reason"] and found[8]["record"] == 'f@x,"F\n\nF",-6'
    assert found[11]["column"] == "email" and "null" in found[11]["reason"]
    assert "quoted field" in found[15]["reason"]
    assert rows(url, "SELECT email FROM users ORDER BY 1") == [("a@x",), ("h@x",), ("i@x",)]
    orphans = import_text(url, tmp_path / "notes.csv", "email,note\na@x,1\nz@x,2\n,3\n", max_rejects=5)
    assert counts(orphans) == (3, 2, 0, 0, 1)
    reason = (tmp_path / "notes.csv.rejects.csv").read_text()
    assert "3,email,z@x,has no row in public.users" in reason and "import public.users first" in reason


def test_bad_rows_may_be_many(users: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = 0

    def counting(conn: psycopg.Connection[Any], statement: sql.Composed, blocks: Iterable[bytes]) -> int:
        nonlocal sent
        listed = list(blocks)
        sent += sum(map(len, listed))
        return copy_blocks(conn, statement, listed)

    monkeypatch.setattr(staging, "copy_blocks", counting)
    text = "email,age\n" + "".join(f"u{n}@x,{'old' if n % 2 else n}\n" for n in range(1, 2001))
    outcome = import_text(users, tmp_path / "users.csv", text, max_rejects=1000)
    assert counts(outcome) == (2000, 1000, 0, 0, 1000)
    assert sent < 20 * len(text)
    numbers = [line.split(",")[0] for line in (tmp_path / "users.csv.rejects.csv").read_text().splitlines()]
    assert numbers[1:] == [str(n) for n in range(2, 2001, 2)]


def test_a_reject_file_that_cannot_be_written_imports_nothing(users: str, tmp_path: Path) -> None:
    (tmp_path / "users.csv.rejects.csv").mkdir()
    with pytest.raises(StorageError) as failure:
        import_text(users, tmp_path / "users.csv", "email,age\nc@x,1\nd@x,old\n", max_rejects=1)
    assert "nothing was imported" in str(failure.value.detail)
    assert rows(users, "SELECT count(*) FROM users") == [(2,)]


def test_one_bad_row_too_many_imports_nothing_and_says_which(users: str, tmp_path: Path) -> None:
    text = "email,age\nc@x,1\nd@x,many\ne@x,more\n"
    for allowed in (0, 1):
        with pytest.raises(ImportFailed, match=r"users.csv, line [34], column age") as failure:
            import_text(users, tmp_path / "users.csv", text, max_rejects=allowed)
        assert "'many'" in failure.value.message
    assert rows(users, "SELECT count(*) FROM users") == [(2,)]


def test_what_only_a_trigger_refuses_is_found_by_halving(users: str, tmp_path: Path) -> None:
    execute(
        users,
        "CREATE FUNCTION no_thirteen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.age % 1300 = 0 THEN RAISE 'thirteen!'; END IF;"
        " IF NEW.age = 7 THEN RAISE 'seven!' USING ERRCODE = 'ZZ007'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION no_thirteen()",
    )
    text = "email,age\n" + "".join(f"u{n}@x,{n}\n" for n in range(1, 10_001))
    outcome = import_text(
        users, tmp_path / "users.csv", text, max_rejects=10, conflict="update", key=("email",)
    )
    assert counts(outcome) == (10_000, 9_992, 0, 0, 8)
    lines = (tmp_path / "users.csv.rejects.csv").read_text().splitlines()
    assert lines[1].startswith("8,") and "seven!" in lines[1]
    assert lines[2].startswith("1301,") and "thirteen!" in lines[2]


@pytest.mark.parametrize("conflict", ["fail", "update"])
def test_a_value_too_long_for_an_index_is_put_aside(users: str, tmp_path: Path, conflict: str) -> None:
    long = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(80))
    text = f"email,age\nc@x,1\n{long},2\nd@x,3\n"
    wishes = {"conflict": conflict, "key": ("email",)} if conflict == "update" else {}
    with pytest.raises(ImportFailed, match=r"users.csv, line 3: .*users_email_key"):
        import_text(users, tmp_path / "users.csv", text, **wishes)
    assert rows(users, "SELECT count(*) FROM users") == [(2,)]
    outcome = import_text(users, tmp_path / "users.csv", text, max_rejects=1, **wishes)
    assert counts(outcome) == (3, 2, 0, 0, 1)
    assert (tmp_path / "users.csv.rejects.csv").read_text().splitlines()[1].startswith("3,")


def test_the_reject_file_has_those_of_all_batches(users: str, tmp_path: Path) -> None:
    path, rejects = tmp_path / "users.csv", tmp_path / "users.csv.rejects.csv"
    bad = {5: "'quoted'", 250: "old", 555: "very"}
    lines = [f"u{n}@x,{bad.get(n, n)}" for n in range(1, 1001)]
    text = "email,age\n" + "\n".join(lines) + "\n"
    wishes = {"batch_rows": 100, "max_rejects": 2}
    with pytest.raises(ImportFailed, match="line 6, column age"):
        import_text(users, path, text, **wishes)
    # As after a kill, when the last batch was not written down: of what it rejects nothing is doubled.
    assert [line.split(",")[0] for line in rejects.read_text().splitlines()] == ["line", "6", "251", "556"]
    outcome = import_path(users, path, batch_rows=100, max_rejects=3)
    assert (outcome.resumed_at, counts(outcome)) == (500, (1000, 997, 0, 0, 3))
    found = csv.DictReader(rejects.read_text().splitlines())
    assert [(row["line"], row["value"]) for row in found] == [
        ("6", "'quoted'"),
        ("251", "old"),
        ("556", "very"),
    ]
