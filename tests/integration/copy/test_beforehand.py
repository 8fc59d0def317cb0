"""What would stop a copy halfway stops it before anything is made."""

from __future__ import annotations

import secrets

import pytest

from pgwright.errors import CopyFailed
from pgwright.transfer.copy.choice import Choice
from pgwright.transfer.copy.copy import copy_database
from tests.conftest import MakeDatabase
from tests.integration.copy.test_checklist import execute
from tests.integration.timeseries.test_carried import ask
from tests.servers.running import Server

MADE = "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgwright' OR oid > 16384"


def test_what_is_critical(server_18: Server, server_12: Server, make_database: MakeDatabase) -> None:
    source, target = make_database(server_18), make_database(server_12)
    execute(source, "CREATE EXTENSION vector; CREATE TABLE t (id int)")
    with pytest.raises(CopyFailed, match="does not have the extension vector") as caught:
        copy_database(source, target)
    assert "nothing was made" in str(caught.value.detail)
    assert ask(target, MADE) == 0
    # Of what is left out nobody needs a role.
    role = f"pgwright_{secrets.token_hex(4)}"
    execute(
        source,
        f"DROP EXTENSION vector; CREATE ROLE {role}; CREATE TABLE hers (); ALTER TABLE hers OWNER TO {role}",
    )
    try:
        with pytest.raises(CopyFailed, match=f"has no role {role}"):
            copy_database(source, target)
        assert copy_database(source, target, Choice(exclude=("public.hers",))).tables == 1
    finally:
        execute(source, f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_another_version_of_timescaledb(
    timescale: str, timescale_community: str, server_18: Server, make_database: MakeDatabase
) -> None:
    execute(timescale, "CREATE TABLE t (id int)")
    with pytest.raises(CopyFailed, match="timescaledb must be the same"):
        copy_database(timescale, timescale_community)
    assert ask(timescale_community, "SELECT to_regnamespace('pgwright')") is None
    # A part of it comes as plain tables, for which it need not be there at all.
    done = copy_database(timescale, make_database(server_18), Choice(schemas=("public",)))
    assert done.verification is not None and done.verification.agrees


def test_what_a_table_needs_besides(server_18: Server, make_database: MakeDatabase) -> None:
    source, target = make_database(server_18), make_database(server_18)
    execute(
        source,
        "CREATE TYPE mood AS ENUM ('fine'); CREATE TYPE span AS RANGE (subtype = int)",
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE FUNCTION low(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 < 9'",
        "CREATE TABLE plain (id int PRIMARY KEY)",
        "CREATE TABLE full_of (id int CHECK (low(id)), moods mood[] DEFAULT '{fine}', s span)",
        "CREATE TRIGGER touched BEFORE UPDATE ON full_of FOR EACH ROW EXECUTE FUNCTION touch()",
        "INSERT INTO full_of VALUES (1)",
    )
    chosen = Choice(include=("public.full_of",), existing=True)
    with pytest.raises(CopyFailed) as caught:
        copy_database(source, target, chosen)
    told = caught.value.message
    for lacking in (
        "function public.low for constraint full_of_id_check of public.full_of",
        "function public.touch for trigger touched of public.full_of",
        "type public.mood for ",
        "type public.span for table public.full_of",
    ):
        assert lacking in told
    assert ask(target, MADE) == 0
    assert copy_database(source, target, Choice(include=("public.plain",))).tables == 1
