"""Personal data is masked, or nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgwright.errors import ConfigError, UnknownTableError, UsageError
from tests.integration.transfer.exporting import export
from tests.integration.transfer.importing import counts, execute, import_path


def test_a_mask_for_no_column_writes_nothing(database: str, tmp_path: Path) -> None:
    execute(database, "CREATE TABLE p (id int PRIMARY KEY, email text)", "INSERT INTO p VALUES (1, 'a@x')")
    path = tmp_path / "p.csv"
    with pytest.raises(UnknownTableError, match=r"p\.emial; did you mean p\.email"):
        export(database, path, "p", asked_masks={"p.emial": "hash"})
    with pytest.raises(UsageError, match="--mask"):
        export(database, path, query="SELECT email FROM p", asked_masks={"p.email": "hash"})
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
