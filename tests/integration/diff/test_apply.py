"""Plans applied to live databases: what is refused, what fails halfway, who is waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from pgwright.diff.apply import Applied, Manner, apply_plan
from pgwright.diff.comparison import comparable
from pgwright.diff.proposal import propose
from pgwright.diff.resume import resume
from pgwright.errors import (
    ConnectError,
    HazardRefused,
    LockTimeoutError,
    PgwrightError,
    PlanStale,
    StatementError,
    UsageError,
)
from pgwright.model.plan import Plan
from pgwright.model.run import Run, RunStatus
from pgwright.model.selection import Selection
from pgwright.pg import connect
from pgwright.sources.workshop import Workshop
from pgwright.state.ledger import Ledger
from tests.conftest import MakeDatabase
from tests.integration.diff.ways import (
    declared,
    end,
    holding,
    proposed,
    read,
    rows,
    run,
    sessions,
    until,
    waiting,
)
from tests.servers.running import Server

TABLE = "CREATE TABLE t (id int PRIMARY KEY, x int, gone text)"
BEFORE = f"{TABLE}; INSERT INTO t VALUES (1, 1, 'a'), (2, 2, 'b')"


def runs(url: str) -> tuple[Run, ...]:
    with connect(url, autocommit=True) as conn:
        ledger = Ledger(conn=conn)
        return ledger.recent() if ledger.exists() else ()


def hasty(plan: Plan, seconds: float = 0.05) -> Plan:
    """Return the plan with short lock timeouts."""
    return replace(
        plan,
        steps=tuple(replace(s, lock_timeout=None if s.lock_timeout is None else seconds) for s in plan.steps),
    )


def broken_indexes(url: str) -> list[str]:
    found = rows(url, "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1")
    return [name for (name,) in found]


def test_a_plan_that_deletes_data_is_refused(database: str) -> None:
    run(database, BEFORE)
    plan, ends = proposed(database, "CREATE TABLE t (id int PRIMARY KEY, x int)")
    before = read(database).digest
    with pytest.raises(HazardRefused) as caught:
        apply_plan(database, plan, ends)
    assert "--allow deletes-data" in str(caught.value.hint)
    assert "Nothing was changed" in str(caught.value.detail)
    assert read(database).digest == before
    assert runs(database) == ()
    assert apply_plan(database, plan, ends, allow=["deletes-data"]).remaining == ()


def test_a_plan_for_another_state_is_refused(database: str) -> None:
    run(database, BEFORE)
    plan, ends = proposed(database, TABLE + "; CREATE INDEX i ON t (x)")
    run(database, "ALTER TABLE t ADD COLUMN y int")
    with pytest.raises(PlanStale) as caught:
        apply_plan(database, plan, ends)
    assert "create column public.t.y" in str(caught.value.detail)
    assert "pgwright schema plan" in str(caught.value.hint)
    assert runs(database) == ()
    assert rows(database, "SELECT count(*) FROM pg_indexes WHERE indexname = 'i'") == [(0,)]


def test_duplicate_keys_stop_a_unique_build_until_they_are_mended(database: str) -> None:
    run(database, "CREATE TABLE t (id int, x int); INSERT INTO t VALUES (1, 7), (2, 7)")
    after = "CREATE TABLE t (id int, x int CONSTRAINT once UNIQUE); CREATE UNIQUE INDEX i ON t (x, id)"
    plan, ends = proposed(database, after)
    with pytest.raises(StatementError) as caught:
        apply_plan(database, plan, ends)
    (failed,) = runs(database)
    assert failed.status is RunStatus.FAILED
    assert "(x)=(7)" in str(caught.value.detail)
    assert f"run {failed.id} stopped after" in str(caught.value.detail)
    assert f"pgwright schema resume {failed.id}" in str(caught.value.hint)
    assert f"resume {failed.id} --undo" in str(caught.value.hint)
    assert broken_indexes(database) == ["pgwright_once"]

    with pytest.raises(StatementError):
        resume(database, failed.id)
    assert broken_indexes(database) == ["pgwright_once"]
    run(database, "UPDATE t SET x = 8 WHERE id = 2")
    assert resume(database).remaining == ()
    assert broken_indexes(database) == []
    assert read(database).digest == ends.after.digest


def test_a_broken_index_is_planned_anew_without_a_run(database: str) -> None:
    run(database, "CREATE TABLE t (id int, x int); INSERT INTO t VALUES (1, 7), (2, 7)")
    for name in ("pgwright_once", "i"):
        with pytest.raises(psycopg.errors.UniqueViolation):
            run(database, f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON t (x)")
    run(database, "DELETE FROM t")
    after = "CREATE TABLE t (id int, x int CONSTRAINT once UNIQUE); CREATE UNIQUE INDEX i ON t (x)"
    plan, ends = proposed(database, after, rehearsed=True)
    assert apply_plan(database, plan, ends).remaining == ()
    assert broken_indexes(database) == []


def test_a_null_stops_validation_and_new_rows_are_checked_already(database: str) -> None:
    run(database, "CREATE TABLE t (id int, x int); INSERT INTO t VALUES (1, NULL), (2, 2)")
    plan, ends = proposed(database, "CREATE TABLE t (id int, x int NOT NULL)")
    with pytest.raises(StatementError) as caught:
        apply_plan(database, plan, ends)
    assert "resume" in str(caught.value.hint)
    with pytest.raises(psycopg.errors.CheckViolation):
        run(database, "INSERT INTO t VALUES (3, NULL)")
    assert resume(database, undo=True).remaining == ()
    assert read(database).digest == ends.before.digest
    run(database, "INSERT INTO t VALUES (3, NULL); UPDATE t SET x = 0 WHERE x IS NULL")
    assert apply_plan(database, plan, ends).remaining == ()


def test_a_connection_that_is_cut(database: str) -> None:
    run(database, BEFORE)
    plan, ends = proposed(
        database, "CREATE TABLE t (id int PRIMARY KEY, x bigint, gone text); CREATE INDEX i ON t (x)"
    )
    caught: list[BaseException] = []
    with holding(database, "LOCK TABLE t IN ROW EXCLUSIVE MODE"):
        thread = in_thread(lambda: apply_plan(database, plan, ends), caught=caught)
        until(lambda: waiting(database), "the apply to wait")
        end(database, sessions(database))
        thread.join(20)
    (error,) = caught
    assert isinstance(error, ConnectError | StatementError), error
    (cut,) = runs(database)
    assert f"run {cut.id} stopped after" in str(error)
    assert cut.status is RunStatus.RUNNING
    assert resume(database).remaining == ()
    assert [r.status for r in runs(database)] == [RunStatus.SUCCEEDED, RunStatus.ABANDONED]


def in_thread(
    call: Callable[[], Applied],
    *,
    results: list[Applied] | None = None,
    caught: list[BaseException] | None = None,
) -> threading.Thread:
    def body() -> None:
        try:
            done = call()
        except BaseException as exc:
            if caught is None:
                raise
            caught.append(exc)
        else:
            if results is not None:
                results.append(done)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    return thread


def test_two_applies_at_once(database: str) -> None:
    run(database, BEFORE)
    plan, ends = proposed(database, "CREATE TABLE t (id int PRIMARY KEY, x int NOT NULL, gone text)")
    results: list[Applied] = []
    with holding(database, "LOCK TABLE t IN ROW EXCLUSIVE MODE"):
        first = in_thread(lambda: apply_plan(database, plan, ends), results=results)
        until(lambda: waiting(database), "the first apply to wait")
        with pytest.raises(LockTimeoutError) as caught:
            apply_plan(database, plan, ends, manner=Manner(lock_wait=0.1))
        assert "already being done by another session" in str(caught.value)
        second = in_thread(lambda: apply_plan(database, plan, ends), results=results)
        until(lambda: len(sessions(database)) >= 2, "the second apply to come")
    first.join(20)
    second.join(20)
    assert sorted(done.steps for done in results) == [0, len(plan.steps)]
    assert read(database).digest == ends.after.digest


def test_a_waiting_apply_does_not_stall_a_concurrent_build(database: str) -> None:
    run(database, BEFORE)
    plan, ends = proposed(database, TABLE + "; CREATE INDEX i ON t (x)")
    results: list[Applied] = []
    with holding(database, "INSERT INTO t VALUES (9, 9, 'z')"):
        first = in_thread(lambda: apply_plan(database, plan, ends), results=results)
        until(lambda: waiting(database), "the build to wait for the writer")
        second = in_thread(lambda: apply_plan(database, plan, ends), results=results)
        until(lambda: len(sessions(database)) >= 2, "the second apply to come")
    first.join(20)
    second.join(20)
    assert sorted(done.steps for done in results) == [0, 1]
    assert broken_indexes(database) == []


def test_a_lock_that_is_let_go(database: str) -> None:
    run(database, BEFORE)
    plan, ends = proposed(database, TABLE.replace("x int", "x int, y int"))
    waits: list[str] = []
    let_go = threading.Event()

    def tell(_: object, error: PgwrightError) -> None:
        waits.append(error.message)
        let_go.set()

    results: list[Applied] = []
    with holding(database, "LOCK TABLE t IN ROW EXCLUSIVE MODE"):
        manner = Manner(on_wait=tell)
        thread = in_thread(lambda: apply_plan(database, hasty(plan), ends, manner=manner), results=results)
        assert let_go.wait(10)
    thread.join(20)
    assert results[0].remaining == ()
    assert waits


def test_a_lock_that_is_never_let_go(database: str) -> None:
    run(database, BEFORE)
    plan, ends = proposed(database, TABLE.replace("x int", "x int, y int"))
    with holding(database, "LOCK TABLE t IN ROW EXCLUSIVE MODE") as blocker:
        with pytest.raises(LockTimeoutError) as caught:
            apply_plan(database, hasty(plan, 0.4), ends, manner=Manner(lock_attempts=2))
        assert f"blocked by pid {blocker.info.backend_pid}" in str(caught.value.detail)
        assert "stopped after 0 of 1 step" in str(caught.value.detail)
        assert f"pg_terminate_backend({blocker.info.backend_pid})" in str(caught.value.hint)
        assert "pgwright schema resume" in str(caught.value.hint)
    assert resume(database).remaining == ()


def test_a_concurrent_build_that_gives_up_is_begun_anew(database: str) -> None:
    run(database, BEFORE)
    plan, ends = proposed(database, TABLE + "; CREATE INDEX i ON t (x)")
    broken: list[list[str]] = []
    gave_up = threading.Event()

    def tell(_: object, error: PgwrightError) -> None:
        broken.append(broken_indexes(database))
        gave_up.set()

    results: list[Applied] = []
    with holding(database, "INSERT INTO t VALUES (9, 9, 'z')"):
        manner = Manner(on_wait=tell, concurrent_wait=0.2)
        thread = in_thread(lambda: apply_plan(database, plan, ends, manner=manner), results=results)
        assert gave_up.wait(10)
    thread.join(20)
    assert broken[0] == ["i"]
    assert results[0].remaining == ()
    assert broken_indexes(database) == []


def test_a_concurrent_build_that_gives_up_for_good_says_who_was_in_the_way(database: str) -> None:
    run(database, BEFORE)
    plan, ends = proposed(database, TABLE + "; CREATE INDEX i ON t (x)")
    with holding(database, "INSERT INTO t VALUES (9, 9, 'z')") as blocker:
        with pytest.raises(LockTimeoutError) as caught:
            apply_plan(database, plan, ends, manner=Manner(concurrent_wait=0.5, lock_attempts=1))
        assert f"blocked by pid {blocker.info.backend_pid}" in str(caught.value.detail)
    assert resume(database).remaining == ()
    assert broken_indexes(database) == []


def test_a_build_that_was_finished_but_not_named_is_kept(database: str) -> None:
    run(database, BEFORE + "; CREATE INDEX i ON t (x)")
    after = TABLE + "; CREATE INDEX i ON t (x, id)"
    run(database, "CREATE INDEX pgwright_i ON t (x, id); DROP INDEX i")
    plan, _ = proposed(database, after, rehearsed=True)
    assert [s.sql for s in plan.steps] == ["ALTER INDEX public.pgwright_i RENAME TO i"]


def test_what_cannot_be_resumed(database: str) -> None:
    run(database, BEFORE)
    with pytest.raises(UsageError, match="changed nothing"):
        resume(database)
    plan, ends = proposed(database, TABLE + "; CREATE SEQUENCE s")
    first = apply_plan(database, plan, ends).run
    with pytest.raises(UsageError, match="nothing to resume"):
        resume(database)
    with pytest.raises(UsageError, match="there is no run nosuch"):
        resume(database, "nosuch")
    run(database, "CREATE TABLE made_since (a int)")
    with pytest.raises(PlanStale) as caught:
        resume(database, undo=True)
    assert "create table public.made_since" in str(caught.value.detail)
    run(database, "DROP TABLE made_since")
    assert resume(database, undo=True, allow=["deletes-data"]).remaining == ()
    assert read(database).digest == ends.before.digest
    with pytest.raises(UsageError, match="was followed by run"):
        resume(database, first.id, undo=True)


def test_an_undo_that_was_stopped_is_resumed_backwards(database: str) -> None:
    run(database, BEFORE)
    after = TABLE.replace("x int", "x bigint NOT NULL") + "; CREATE INDEX i ON t (x)"
    plan, ends = proposed(database, after)
    apply_plan(database, plan, ends)
    with holding(database, "LOCK TABLE t IN ROW EXCLUSIVE MODE"), pytest.raises(LockTimeoutError):
        resume(database, undo=True, manner=Manner(lock_attempts=1, concurrent_wait=0.1))
    assert resume(database).remaining == ()
    assert read(database).digest == ends.before.digest


def test_a_target_of_another_version(server_14: Server, make_database: MakeDatabase) -> None:
    url = make_database(server_14)
    run(url, BEFORE)
    run(url, "CREATE VIEW v AS SELECT id, x FROM t")
    target = declared(
        "CREATE TABLE t (id int PRIMARY KEY, x int NOT NULL, gone text);"
        "CREATE VIEW v AS SELECT id, x FROM t; CREATE INDEX i ON t (x)"
    )
    comparison = comparable(
        read(url), target, before=url, after="file:x", workshop=Workshop(), selection=Selection()
    )
    proposal = propose(comparison)
    assert proposal.plan.server.major == 14
    assert apply_plan(url, proposal.plan, proposal.ends).remaining == ()
    assert resume(url, undo=True).remaining == ()


@pytest.mark.parametrize(("zone", "rewrites"), [("Europe/Berlin", True), ("UTC", False)])
def test_a_time_with_a_zone_is_read_in_that_of_the_session(database: str, zone: str, rewrites: bool) -> None:
    name = database.rpartition("/")[2].partition("?")[0]
    run(database, f"ALTER DATABASE {name} SET timezone TO '{zone}'")
    run(database, "CREATE TABLE t (at timestamp); INSERT INTO t VALUES ('2026-07-01 12:00')")
    stored = rows(database, "SELECT pg_relation_filenode('t')")
    plan, ends = proposed(database, "CREATE TABLE t (at timestamptz)", rehearsed=True)
    (told,) = [h.message for h in plan.hazards if h.code == "depends-on-session"]
    assert f"read as times of {zone}, the time zone of the session" in told
    assert bool(plan.steps[0].rewrites) is rewrites
    apply_plan(database, plan, ends)
    assert (rows(database, "SELECT pg_relation_filenode('t')") != stored) is rewrites
    ((universal,),) = rows(database, "SELECT extract(hour FROM at AT TIME ZONE 'UTC')::int FROM t")
    assert universal == (10 if rewrites else 12)
