"""What checks make of measured numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pgwright.checks.registry import check
from pgwright.checks.wraparound import STOP, grade
from pgwright.model.finding import Finding, Severity
from tests.unit.checks.situations import situation

W, C, I = Severity.WARNING, Severity.CRITICAL, Severity.INFO  # noqa: E741
SLOT = {"name": "s", "active": False, "retained_bytes": 0, "wal_status": None}
SESSION = {
    "pid": 7,
    "kind": "client backend",
    "role": "jo",
    "application": "shop",
    "database": "app",
    "state": "active",
    "state_seconds": 0.0,
    "transaction_seconds": 0.0,
    "query_seconds": 0.0,
    "query": "select",
}


def ask(id: str, *rows: Mapping[str, Any], **place: Any) -> tuple[Finding, ...]:
    return tuple(check(id).evaluate(rows, situation(**place)))


@pytest.mark.parametrize(
    ("age", "limit", "expected"),
    [
        (0, 200_000_000, None),
        (210_000_000, 200_000_000, None),  # autovacuum has begun
        (299_999_999, 200_000_000, None),
        (300_000_000, 200_000_000, W),
        (2**30 - 1, 200_000_000, W),
        (2**30, 200_000_000, C),
        (1_500_000_000, 1_500_000_000, None),  # as somebody chose
        (int(0.75 * STOP), 1_500_000_000, W),
        (int(0.85 * STOP), 2_000_000_000, C),
        (2**30 - 1, 400_000_000, W),
        (1_200_000_000, 400_000_000, C),
    ],
)
def test_wraparound_thresholds(age: int, limit: int, expected: Severity | None) -> None:
    assert grade(age, limit) is expected


def test_wraparound_names_table_here_and_database_elsewhere() -> None:
    row = {
        "xid_age": 1_500_000_000,
        "xid_limit": 200_000_000,
        "multixact_age": 700_000_000,
        "multixact_limit": 400_000_000,
    }
    here = ask("wraparound", {**row, "database": "app", "oldest_table": "public.big"})
    assert [(f.subject, f.severity) for f in here] == [("app", C), ("app", W)]
    assert here[0].hint and here[0].hint.startswith("VACUUM (FREEZE, VERBOSE) public.big")
    (there, _) = ask("wraparound", {**row, "database": "other", "oldest_table": None})
    assert there.hint == "connect to database other and run: VACUUM (FREEZE, VERBOSE)"


@pytest.mark.parametrize(
    ("version", "today", "expected"),
    [
        (120022, date(2026, 6, 1), {"PostgreSQL 12": W}),
        (120020, date(2026, 6, 1), {"PostgreSQL 12": W, "PostgreSQL 12.20": I}),
        (180004, date(2026, 6, 1), {}),
        (180001, date(2026, 6, 1), {"PostgreSQL 18.1": I}),
        (180000, date(2026, 6, 1), {"PostgreSQL 18.0": W}),
        (140023, date(2026, 6, 1), {"PostgreSQL 14": I}),
        (140023, date(2026, 11, 13), {"PostgreSQL 14": W}),
        (190000, date(2026, 11, 13), {}),  # newer than this program
    ],
)
def test_server_version(version: int, today: date, expected: dict[str, Severity]) -> None:
    found = ask("server_version", version=version, today=today)
    assert {f.subject: f.severity for f in found} == expected


@pytest.mark.parametrize(("used", "expected"), [(77, []), (78, [W]), (92, [W]), (93, [C]), (97, [C])])
def test_connections(used: int, expected: list[Severity]) -> None:
    found = ask("connections", {"used": used, "available": 97, "idle": 3})
    assert [f.severity for f in found] == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"retained_bytes": 1 << 31}, [W]),
        ({"retained_bytes": 1 << 31, "active": True}, []),
        ({"active": True, "wal_status": "unreserved"}, [C]),
        ({"wal_status": "lost", "retained_bytes": None}, [C]),
        ({"wal_status": "extended", "retained_bytes": 5}, []),
    ],
)
def test_replication_slot(facts: dict[str, Any], expected: list[Severity]) -> None:
    assert [f.severity for f in ask("replication_slot", {**SLOT, **facts})] == expected


def test_checksum_failures_and_archiving() -> None:
    (bad,) = ask(
        "checksum_failures",
        {"database": "app", "failures": 1, "last_failure": datetime(2026, 1, 2, tzinfo=UTC)},
    )
    assert bad.severity is C and "1 page of app" in bad.message
    (late,) = ask("archiving", {"failures": 3, "last_failed_wal": "0001", "failing_seconds": 7200.0})
    assert late.severity is C and "2 h" in late.message


def test_collation_version_of_database_and_of_collation() -> None:
    rows = [
        {"name": "app", "recorded": "2.31", "actual": "2.36", "is_database": True},
        {"name": "pg_catalog.de_DE", "recorded": "1", "actual": "2", "is_database": False},
    ]
    database, collation = ask("collation_version", *rows)
    assert database.hint and database.hint.endswith("ALTER DATABASE app REFRESH COLLATION VERSION;")
    assert collation.hint and 'ALTER COLLATION pg_catalog."de_DE" REFRESH' in collation.hint


@pytest.mark.parametrize(
    ("facts", "finds"),
    [({}, True), ({"size_bytes": 8192}, False), ({"counted_seconds": 86400.0}, False)],
)
def test_unused_index(facts: dict[str, Any], finds: bool) -> None:
    row = {
        "schema": "public",
        "table": "t",
        "name": "i",
        "size_bytes": 1 << 24,
        "counted_seconds": 8 * 86400.0,
    }
    assert bool(ask("unused_index", {**row, **facts})) is finds


@pytest.mark.parametrize(
    ("facts", "idle", "long"),
    [
        ({"transaction_seconds": 301.0}, False, True),
        ({"transaction_seconds": 299.0}, False, False),
        ({"state": "idle in transaction", "state_seconds": 61.0, "transaction_seconds": 900.0}, True, False),
        ({"state": "idle in transaction (aborted)", "state_seconds": 61.0}, True, False),
        ({"state": "idle", "state_seconds": 9999.0}, False, False),
        ({"kind": "autovacuum worker", "transaction_seconds": 9999.0}, False, False),
        ({"state": None, "state_seconds": None, "transaction_seconds": None}, False, False),
    ],
)
def test_idle_and_long_transactions(facts: dict[str, Any], idle: bool, long: bool) -> None:
    assert bool(ask("idle_in_transaction", {**SESSION, **facts})) is idle
    assert bool(ask("long_transaction", {**SESSION, **facts})) is long


def test_passwords_in_queries_do_not_reach_findings() -> None:
    row = {**SESSION, "transaction_seconds": 999.0, "query": "ALTER ROLE jo PASSWORD 'hidden-word'"}
    (finding,) = ask("long_transaction", row)
    assert "hidden-word" not in str(finding)


def test_blocking_by_a_prepared_transaction_and_circles() -> None:
    base = {
        **{k: SESSION[k] for k in SESSION if k not in ("kind", "query_seconds")},
        "client": "local",
        "waits_for": None,
        "relation": None,
    }
    waiter = {**base, "pid": 8, "blocked_by": [0], "state_seconds": 40.0, "relation": "stock"}
    (finding,) = ask("blocking_chain", {**base, "pid": 0, "blocked_by": []}, waiter)
    assert finding.severity is C
    assert finding.message.startswith("a prepared transaction blocks 1 session over stock")
    # A deadlock has no root, and the server ends it by itself.
    circle = [{**waiter, "pid": 8, "blocked_by": [9]}, {**waiter, "pid": 9, "blocked_by": [8]}]
    assert ask("blocking_chain", *circle) == ()
    short = {**waiter, "state_seconds": 0.5}
    assert ask("blocking_chain", {**base, "pid": 0, "blocked_by": []}, short) == ()
