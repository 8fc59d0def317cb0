"""SQL on stdout is run by somebody: it is what pgwright itself would run, to the letter."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from pgwright.pg.address import parse_address
from pgwright.server.binaries import embedded_binaries
from tests.integration.schema.command import pgwright

# Every line of it looks like a password to whoever masks messages.
SCHEMA = """
CREATE TABLE users (name text PRIMARY KEY, password text DEFAULT 'password=unset', site text DEFAULT 'https://a:b@c');
CREATE FUNCTION renew(given text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'ALTER ROLE ' || given || ' PASSWORD ' || quote_literal(given) || ' VALID UNTIL ' || now();
    UPDATE users SET password = DEFAULT WHERE name = given;
END $$;
"""


def test_what_looks_like_a_password_is_not_masked_in_sql(database: str, tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text(SCHEMA)

    def run(*words: str) -> str:
        return pgwright("--url", database, *words, folder=tmp_path).stdout

    run("schema", "generate", "file:schema.sql", "--output", "written.sql")
    written = (tmp_path / "written.sql").read_text()
    assert run("schema", "generate", "file:schema.sql") == written
    assert json.loads(run("--json", "schema", "generate", "file:schema.sql"))["sql"] + "\n" == written
    steps = json.loads(run("--json", "schema", "plan", "schema.sql", "--no-rehearsal"))["steps"]
    body = next(s["sql"] for s in steps if "renew" in s["summary"] and "CREATE" in s["sql"])
    assert all(line in body for line in SCHEMA.split("$$")[1].splitlines())
    assert body.splitlines()[3].strip() in run("schema", "plan", "schema.sql", "--no-rehearsal")

    (tmp_path / "changes.sql").write_text(run("schema", "validate", "schema.sql"))
    binaries = embedded_binaries()
    subprocess.run(
        [str(binaries.program("psql")), "-Xqv", "ON_ERROR_STOP=1", "-f", str(tmp_path / "changes.sql")],
        env={**binaries.environment(), **parse_address(database).environ()},
        check=True,
    )
    assert run("schema", "validate", "schema.sql") == ""
