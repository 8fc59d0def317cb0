"""Turn what the driver and Alembic raise into what is wrong and what mends it."""

from __future__ import annotations

from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from pgwright import PgwrightError
from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError

from app.errors import AppError, DatabaseError
from app.settings import Settings, load_settings

# The client knows no SQLSTATE of a refused connection, only the server's words: (words, hint).
CONNECTION_TROUBLE = (
    (
        ("password authentication failed", "no password supplied"),
        "the role or its password is wrong",
        "correct user and password in DATABASE_URL (.env); write @ in a password as %40",
    ),
    (
        ("connection refused", "no such file or directory", "is the server running"),
        "nothing answers there: PostgreSQL is not running, or host or port is wrong",
        "start PostgreSQL (for example: pgwright server start), or correct host and port in DATABASE_URL",
    ),
    (
        ("resolve host", "translate host name", "name or service not known"),
        "the host name is not known",
        "correct the host in DATABASE_URL (.env)",
    ),
    (
        ("timeout expired", "connection timeout", "timed out", "no route to host", "unreachable"),
        "the server does not answer",
        "correct host and port in DATABASE_URL, or open the firewall between here and there",
    ),
    (
        ("no pg_hba.conf entry", "pg_hba.conf rejects"),
        "the server does not let this role in from this machine",
        "add a line for it to pg_hba.conf (method scram-sha-256), then: SELECT pg_reload_conf()",
    ),
    (
        ("too many clients", "too many connections", "remaining connection slots"),
        "all connections of the server are taken",
        "lower DB_POOL_SIZE and DB_MAX_OVERFLOW, or run fewer processes",
    ),
    (
        ("starting up", "shutting down", "recovery mode"),
        "the server is starting, stopping or recovering",
        "wait a moment and try again",
    ),
    (
        ("ssl",),
        "client and server do not agree about TLS",
        "set sslmode in DATABASE_URL to what the server offers",
    ),
)


def explain(error: BaseException) -> AppError | None:
    """Return `error` as a named trouble with its mend, or None when it is none that is known here."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, PgwrightError):
        detail = f" ({error.detail})" if error.detail else ""
        return DatabaseError(f"{error.message}{detail}", hint=error.hint)
    if isinstance(error, CommandError):
        return _explain_alembic(error)
    if isinstance(error, DBAPIError):
        error = error.orig or error
    if not isinstance(error, pg.Error):
        return None
    settings = load_settings()
    words = redact(" ".join(str(error).split()), settings)
    if isinstance(error, pg.OperationalError) and error.sqlstate is None:
        return _explain_connection(words, settings)
    return _explain_statement(error, words, settings)


def redact(text: str, settings: Settings) -> str:
    """Return `text` without the password of the settings."""
    password = settings.database_url.password
    return text.replace(password, "***") if password else text


def _explain_statement(error: pg.Error, words: str, settings: Settings) -> AppError:
    if isinstance(error, pg.InsufficientPrivilege):
        return DatabaseError(
            f"the role may not do this in {settings.where}: {words}",
            hint="run migrations as the owner of the tables, "
            "or as an administrator: GRANT CREATE, USAGE ON SCHEMA public TO the role",
        )
    if isinstance(error, pg.DuplicateTable | pg.DuplicateObject):
        return DatabaseError(
            f"a migration wants to create what is already there: {words}",
            hint="nothing of that revision was kept; see what differs: python scripts/db.py status",
        )
    if isinstance(error, pg.LockNotAvailable | pg.QueryCanceled | pg.DeadlockDetected):
        return DatabaseError(
            f"gave up waiting: {words}",
            hint="end the transaction that holds the lock, then run the command again",
        )
    state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
    return DatabaseError(
        f"the server refused a statement{state}: {words}",
        hint="the transaction was rolled back; see where things are: python scripts/db.py status",
    )


def _explain_connection(words: str, settings: Settings) -> AppError:
    said = words.lower()
    if "database" in said and "does not exist" in said:
        name = settings.database_url.database
        return DatabaseError(
            f"cannot connect to {settings.where}: the database does not exist",
            hint=f"create it (createdb {name}) or correct the name in DATABASE_URL (.env)",
        )
    if "role" in said and "does not exist" in said:
        return DatabaseError(
            f"cannot connect to {settings.where}: the role does not exist",
            hint="create it (createuser --pwprompt) or correct the user in DATABASE_URL (.env)",
        )
    for signs, meaning, hint in CONNECTION_TROUBLE:
        if any(sign in said for sign in signs):
            return DatabaseError(f"cannot connect to {settings.where}: {meaning} ({words})", hint=hint)
    return DatabaseError(
        f"cannot connect to {settings.where}: {words}",
        hint="see the server's log, and DATABASE_URL in .env",
    )


def _explain_alembic(error: CommandError) -> AppError:
    words = str(error)
    if isinstance(error.__cause__, ResolutionError) or "Can't locate revision" in words:
        return DatabaseError(
            f"{words.rstrip('.')}: no file in alembic/versions has it",
            hint="see the revisions: python scripts/db.py migrate show; if the database names one that "
            "this checkout lacks, bring the checkout up to date",
        )
    if "not up to date" in words:
        return DatabaseError(
            "the database has not reached the newest revision, so models and database cannot be compared",
            hint="python scripts/db.py migrate upgrade",
        )
    return DatabaseError(words, hint="see the revisions: python scripts/db.py migrate show")
