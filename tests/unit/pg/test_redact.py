"""No password survives redaction, in whatever text it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pgwright.pg import redact, remember_secret, safe_url
from pgwright.pg.address import parse_address
from pgwright.pg.redact import MASK, forget_secrets

SECRETS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=("Cc", "Cs", "Zs")),
    min_size=8,
    max_size=40,
)
TEXTS = st.text(max_size=60)


@pytest.fixture(autouse=True)
def _no_secrets() -> Iterator[None]:
    forget_secrets()
    yield
    forget_secrets()


@given(secret=SECRETS, before=TEXTS, after=TEXTS)
def test_known_secret_is_masked_in_any_text(secret: str, before: str, after: str) -> None:
    assume(secret not in before + after and secret not in MASK)
    forget_secrets()
    remember_secret(secret)
    for spelling in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1]):
        shown = redact(f"{before} {spelling} {after}")
        assert secret not in shown
        assert MASK in shown


@given(secret=SECRETS)
def test_connecting_makes_the_password_known(secret: str) -> None:
    forget_secrets()
    assume(secret not in "postgresql://jo@db.example/app")
    address = parse_address(f"postgresql://jo:{quote(secret, safe='')}@db.example/app")
    assert address.password == secret
    assert secret not in redact(f"the server said {secret}!")
    assert secret not in repr(address) + str(address)


@given(
    password=st.text(
        st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"'<>"), min_size=1
    )
)
def test_unescaped_password_in_a_url_is_masked(password: str) -> None:
    shown = redact(f"could not use postgresql://jo:{password}@db.example:5432/app now")
    assert shown == f"could not use postgresql://jo:{MASK}@db.example:5432/app now"


@given(text=TEXTS)
def test_redaction_is_idempotent(text: str) -> None:
    forget_secrets()
    assert redact(redact(text)) == redact(text)


_SIGNS = st.sampled_from(
    [*"abc =:'/@p?&;{}\",\n\\0", "://", "password", "password=", "PASSWORD '", "--password "]
)


@given(text=st.lists(_SIGNS, max_size=25).map("".join))
def test_redaction_is_idempotent_on_text_full_of_signs(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("host=h password=hunter2 dbname=d", "host=h password=**** dbname=d"),
        (r"password='it\'s a secret' host=h", "password=**** host=h"),
        ("password = hunter2", "password = ****"),
        ("PGPASSWORD=hunter2 psql", "PGPASSWORD=**** psql"),
        ("PGPASSWORD='hunter 2' psql", "PGPASSWORD=**** psql"),
        ("APP_DB_PASSWORD=hunter2", "APP_DB_PASSWORD=****"),
        ("STRIPE_SECRET_KEY=sk_live_1", "STRIPE_SECRET_KEY=****"),
        ('{"password": "hunter2", "user": "jo"}', '{"password": ****, "user": "jo"}'),
        ("{'PASSWORD': 'hunter2'}", "{'PASSWORD': ****}"),
        ("ALTER ROLE jo PASSWORD 'hunter2';", "ALTER ROLE jo PASSWORD '****';"),
        (
            "CREATE ROLE jo LOGIN ENCRYPTED PASSWORD E'hun\\'ter'",
            "CREATE ROLE jo LOGIN ENCRYPTED PASSWORD '****'",
        ),
        ("postgresql://h/d?user=jo&password=hunter2&sslmode=require", None),
        ("pg_dump --password hunter2", "pg_dump --password ****"),
        ("redis://:hunter2@cache:6379/0", "redis://:****@cache:6379/0"),
        ("postgresql://jo:hunter2/app", "postgresql://jo:****/app"),
    ],
)
def test_forms(text: str, shown: str | None) -> None:
    assert "hunter" not in redact(text)
    if shown is not None:
        assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "see https://example.org:8443/path?x=1",
        "postgresql://jo@localhost:5432/app",
        "postgresql://[2001:db8::1]:5432/app",
        'database "app" does not exist',
        "password authentication failed for user jo",
        "set PGPASSWORD, or add a line to ~/.pgpass",
    ],
)
def test_text_without_a_password_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_password_that_is_also_the_role_does_not_erase_the_role() -> None:
    parse_address("postgresql://postgres:postgres@127.0.0.1/postgres")
    assert redact('role "postgres" does not exist') == 'role "postgres" does not exist'


def test_short_secret_is_masked_as_a_word_only() -> None:
    remember_secret("test")
    assert redact("the word test, in tests/latest") == "the word ****, in tests/latest"


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("postgresql://jo:pw@db:5433/app?sslmode=require", "postgresql://jo@db:5433/app?sslmode=require"),
        ("postgresql+psycopg://jo:p@w/x@db/app", "postgresql://jo@db/app"),
        ("host=/run/pg user=jo password=pw dbname=app", "postgresql://jo@/app?host=/run/pg"),
        ("", ""),
        ("mysql://jo:pw@db/app", "mysql://jo:****@db/app"),
    ],
)
def test_safe_url(url: str, safe: str) -> None:
    assert safe_url(url) == safe
