"""Each way in which libpq says no becomes an error with a cause and a next command.

These are messages that the servers of the integration tests cannot be brought to send, or only at
great expense; the others are tested there.
"""

from __future__ import annotations

import psycopg
import pytest

from pgwright.errors import AuthenticationError, ConnectError, PgwrightError, PrivilegeError
from pgwright.pg import parse_address
from pgwright.pg.failures import connection_error
from pgwright.pg.redact import MASK, forget_secrets


@pytest.fixture(autouse=True)
def _no_secrets_of_other_tests() -> None:
    forget_secrets()


PREFACE = 'connection failed: connection to server at "192.0.2.7", port 5432 failed: '


@pytest.mark.parametrize(
    ("said", "kind", "message", "hint"),
    [
        (
            'FATAL:  no pg_hba.conf entry for host "192.0.2.1", user "jo", database "app", no encryption',
            AuthenticationError,
            "without TLS",
            "sslmode=require",
        ),
        (
            'FATAL:  no pg_hba.conf entry for host "192.0.2.1", user "jo", database "app", SSL encryption',
            AuthenticationError,
            "has no line that admits user jo",
            "hostssl app jo",
        ),
        ('FATAL:  Peer authentication failed for user "jo"', AuthenticationError, "(Peer", "127.0.0.1"),
        ('FATAL:  role "jo" does not exist', AuthenticationError, "role jo", "CREATE ROLE"),
        ("FATAL:  sorry, too many clients already", ConnectError, "no free connection", "max_connections"),
        ("FATAL:  the database system is starting up", ConnectError, "is starting up", "try again"),
        ("FATAL:  the database system is in recovery mode", ConnectError, "recovery mode", "try again"),
        ("FATAL:  the database system is shutting down", ConnectError, "shutting down", "try again"),
        ("SSL error: certificate verify failed", ConnectError, "not trusted", "sslrootcert"),
        ("No route to host\n\tIs the server running on that host?", ConnectError, "no route", "ping"),
        (
            'FATAL:  permission denied for database "app"\nDETAIL:  User does not have CONNECT privilege.',
            PrivilegeError,
            "may not connect",
            "GRANT CONNECT",
        ),
        ("FATAL:  Passwort-Authentifizierung fehlgeschlagen", ConnectError, "cannot connect", "server's log"),
    ],
)
def test_failure(said: str, kind: type[PgwrightError], message: str, hint: str) -> None:
    address = parse_address("postgresql://jo:hunter2-hunter2@192.0.2.7/app")
    error = connection_error(psycopg.OperationalError(PREFACE + said), address)
    assert type(error) is kind
    assert message in error.message
    assert error.hint is not None
    assert hint in error.hint
    assert "hunter2" not in str(error)
    assert len(str(error).splitlines()) == 3, "what, where and what next, one line each"


def test_a_password_that_is_a_word_of_the_server_hides_no_cause() -> None:
    address = parse_address("postgresql://jo:database@192.0.2.7/app")
    error = connection_error(
        psycopg.OperationalError(f"{PREFACE}FATAL:  the database system is starting up"), address
    )
    assert "is starting up" in error.message
    assert error.detail is not None
    assert f"FATAL:  the {MASK} system is starting up" in error.detail
