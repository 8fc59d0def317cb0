"""Connection text of every spelling means what its writer meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgwright.errors import ConfigError
from pgwright.pg import Address, parse_address
from pgwright.pg.address import same_database


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("", {}),
        ("postgres://db", {"host": "db"}),
        ("postgresql://jo@db:5433/app", {"user": "jo", "host": "db", "port": "5433", "dbname": "app"}),
        ("postgresql+psycopg://db/app", {"host": "db", "dbname": "app"}),
        ("postgis://db/app", {"host": "db", "dbname": "app"}),
        ("postgresql+asyncpg://db/app?ssl=true", {"host": "db", "dbname": "app", "sslmode": "require"}),
        ("postgresql://db/app?conn_max_age=60", {"host": "db", "dbname": "app"}),
        ("postgresql:///app?host=/run/pg", {"host": "/run/pg", "dbname": "app"}),
        ("postgresql://%2Frun%2Fpg/app", {"host": "/run/pg", "dbname": "app"}),
        ("postgresql://[::1]:5433/app", {"host": "::1", "port": "5433", "dbname": "app"}),
        ("postgresql://a:1,b:2/app", {"host": "a,b", "port": "1,2", "dbname": "app"}),
        ("postgresql://jo:p%40ss@db/app", {"user": "jo", "password": "p@ss", "host": "db", "dbname": "app"}),
        (
            "postgresql://jo:p@s:s/w@db/app",
            {"user": "jo", "password": "p@s:s/w", "host": "db", "dbname": "app"},
        ),
        ("postgresql://jo:who?@db/app", {"user": "jo", "password": "who?", "host": "db", "dbname": "app"}),
        ("postgresql://db:5432/a@b", {"host": "db", "port": "5432", "dbname": "a@b"}),
        ("host=db password='a b'", {"host": "db", "password": "a b"}),
        ("service=prod", {"service": "prod"}),
    ],
)
def test_forms(text: str, params: dict[str, str]) -> None:
    assert dict(parse_address(text).params) == params


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("mysql://jo:hunter2@db/app", "mysql:// is not"),
        ("sqlite:///db.sqlite3", "sqlite:// is not"),
        ("postgresql://db/app?sslmod=require", "did you mean sslmode?"),
        ("postgresql://jo:hunter2/app", "the port"),
        ("postgresql://db:70000/app", "not 70000"),
        ("host=db passwort=hunter2", "did you mean password?"),
        ("host=db password=hunter2 hunter2", "malformed connection text"),
        ("hunter2", "malformed connection text"),
    ],
)
def test_bad_text_is_refused_without_repeating_a_password(text: str, part: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_address(text)
    assert part in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.hint


_NAMES = st.text(st.characters(min_codepoint=33, exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(user=_NAMES, password=_NAMES, dbname=_NAMES, port=st.integers(1, 65535))
def test_text_of_an_address_reads_back_the_same(user: str, password: str, dbname: str, port: int) -> None:
    for host in ("db.example", "/run/a folder", "::1"):
        params = {"user": user, "password": password, "host": host, "port": str(port), "dbname": dbname}
        assert dict(parse_address(Address(params=params).text).params) == params


def test_libpq_environment_fills_what_the_text_leaves_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db")
    monkeypatch.setenv("PGPORT", "5433")
    monkeypatch.setenv("PGUSER", "jo")
    address = parse_address("")
    assert (address.place, address.user, address.dbname) == ("db:5433", "jo", "jo")


def test_environment_for_client_programs_carries_the_password() -> None:
    address = parse_address("postgresql://jo:pw-of-jo@db:5433/app?sslmode=require")
    assert address.environ() == {
        "PGHOST": "db",
        "PGPORT": "5433",
        "PGUSER": "jo",
        "PGPASSWORD": "pw-of-jo",
        "PGDATABASE": "app",
        "PGSSLMODE": "require",
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("postgresql://localhost/app", "postgresql://jo@127.0.0.1:5432/app", True),
        ("postgresql://[::1]/app", "host=/run/postgresql dbname=app", True),
        ("postgresql://192.0.2.7/app", "postgresql://192.0.2.7:5432/app", True),
        ("postgresql://192.0.2.7/app", "postgresql://localhost/app", False),
        ("postgresql://localhost/app", "postgresql://localhost:5433/app", False),
        ("postgresql://localhost/app", "postgresql://localhost/other", False),
    ],
)
def test_one_database_under_several_names(one: str, other: str, same: bool) -> None:
    assert same_database(parse_address(one), parse_address(other)) is same
