"""What the process that runs migrations says of a failure."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import exc

from pgwright.errors import ConnectError, MigrationError, StatementError
from pgwright.migrate.messages import Failed
from pgwright.migrate.worker.child import explained

STATEMENT = "UPDATE t SET a = 1"


def told_of(first: Exception) -> Failed:
    """Return what is told of an error on the way out from another one, as of an autocommit block."""
    with pytest.raises(exc.PendingRollbackError) as caught:
        try:
            raise first
        finally:
            raise exc.PendingRollbackError("Can't reconnect until invalid transaction is rolled back")
    return explained(caught.value)


@pytest.mark.parametrize(
    ("kind", "code"),
    [(psycopg.OperationalError, ConnectError.code), (psycopg.errors.AdminShutdown, StatementError.code)],
)
def test_a_lost_connection_is_named_behind_what_came_of_it(
    kind: type[psycopg.OperationalError], code: str
) -> None:
    lost = kind("the server ended the connection unexpectedly")
    told = told_of(exc.OperationalError(STATEMENT, {}, lost))
    assert told.code == code and "ended the connection" in f"{told.message} {told.detail}"
    assert told_of(ValueError("by the project")).code == MigrationError.code
