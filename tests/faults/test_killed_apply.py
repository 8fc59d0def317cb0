"""An apply that is killed at any of its steps can be finished, and can be taken back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import pytest

from pgwright.diff.ends import Ends, pack
from pgwright.diff.resume import resume
from pgwright.kinds.codec import plan_to_json
from pgwright.model.catalog import Catalog
from pgwright.model.locks import LockMode
from pgwright.model.plan import Plan, Step
from pgwright.model.run import RunStatus
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

BEFORE = """
CREATE TABLE customers (id int PRIMARY KEY, name text, email text, country text);
CREATE TABLE orders (id int PRIMARY KEY, customer int, state text, total numeric(8, 2), note text);
CREATE INDEX orders_state_idx ON orders (state);
CREATE TABLE old_log (id int, said text);
CREATE VIEW open_orders AS SELECT id, total FROM orders WHERE state = 'open';
COMMENT ON VIEW open_orders IS 'what is to be done';
"""
AFTER = """
CREATE TABLE customers (id int PRIMARY KEY, name text, email text NOT NULL, country text,
    CONSTRAINT customers_email_key UNIQUE (email));
CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers, state text,
    total numeric(10, 2), CHECK (total >= 0));
CREATE INDEX orders_state_idx ON orders (state, customer);
CREATE TABLE payments (id int PRIMARY KEY, paid int REFERENCES orders);
CREATE VIEW open_orders AS SELECT id, total FROM orders WHERE state = 'open';
COMMENT ON VIEW open_orders IS 'what is to be done';
"""
ROWS = """
INSERT INTO customers SELECT i, 'n' || i, 'e' || i, 'x' FROM generate_series(1, 50) AS i;
INSERT INTO orders SELECT i, i, 'open', i, 'note ' || i FROM generate_series(1, 50) AS i;
INSERT INTO old_log SELECT i, 'said ' || i FROM generate_series(1, 50) AS i;
"""
KEPT = "SELECT id, customer, state, total::text FROM orders ORDER BY id"
MakeAnother = Callable[[], str]
ALLOW = ("deletes-data",)

# Tells of each step and waits for a line before the next one.
_CHILD = """
import sys
from pathlib import Path
from pgwright.diff.apply import Manner, apply_plan
from pgwright.diff.ends import unpack
from pgwright.kinds.codec import plan_from_json

url, folder = sys.argv[1], Path(sys.argv[2])
plan = plan_from_json((folder / "plan").read_bytes())

def tell(step):
    print(step.id, flush=True)
    sys.stdin.readline()

print("ready", flush=True)
sys.stdin.readline()
ends = unpack((folder / "ends").read_bytes())
apply_plan(url, plan, ends, allow=["deletes-data"], manner=Manner(on_step=tell))
print("end", flush=True)
"""


@pytest.fixture(scope="module")
def target() -> Catalog:
    return declared(AFTER)


@pytest.fixture
def make_another(server_18: Server, make_database: MakeDatabase) -> MakeAnother:
    return lambda: make_database(server_18)


@contextmanager
def applying(url: str, plan: Plan, ends: Ends, folder: Path) -> Iterator[subprocess.Popen[str]]:
    (folder / "plan").write_bytes(plan_to_json(plan))
    (folder / "ends").write_bytes(pack(ends))
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, url, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert heard(process) == "ready"
            yield process
        finally:
            process.kill()


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    said = process.stdout.readline().strip()
    assert said or not process.stderr, process.stderr.read() if process.stderr else ""
    return said


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def obstacle(step: Step) -> str:
    """Return a statement after which the step waits for as long as its transaction is open."""
    if step.lock is None:
        # Another transaction that makes the same, too, but does not say yet whether it will commit.
        return step.sql
    _, renames, name = step.sql.partition(" RENAME TO ")
    if renames:
        return f"CREATE TABLE {name} ()"
    validates = step.lock is LockMode.SHARE_UPDATE_EXCLUSIVE and step.transactional
    mode = "SHARE UPDATE EXCLUSIVE" if validates else "ROW EXCLUSIVE"
    return f"LOCK TABLE {step.locks_on[0].path} IN {mode} MODE"


def killed_at(url: str, number: int, target: Catalog, folder: Path) -> tuple[Plan, Ends]:
    """Apply the plan in a process that is killed while it waits in the batch of that number."""
    plan, ends = proposed(url, target)
    batches = [tuple(steps) for _, steps in groupby(plan.steps, key=lambda s: s.batch)]
    with applying(url, plan, ends, folder) as process:
        for batch in batches[:number]:
            go_on(process)
            for step in batch[:-1]:
                assert heard(process) == step.id
                go_on(process)
            assert heard(process) == batch[-1].id
        with holding(url, obstacle(batches[number][0])):
            go_on(process)
            until(lambda: waiting(url) or process.poll() is not None, f"step {batches[number][0]} to wait")
            assert process.poll() is None, process.communicate()
            process.kill()
            process.wait()
            end(url, sessions(url))
    return plan, ends


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("undo", [False, True], ids=["resume", "undo"])
def test_killed_at_any_step(
    make_another: MakeAnother, target: Catalog, tmp_path: Path, *, part: int, undo: bool
) -> None:
    number, count = part, part + 1
    while number < count:
        url = make_another()
        run(url, BEFORE + ROWS)
        kept = rows(url, KEPT)
        plan, ends = killed_at(url, number, target, tmp_path)
        count = len({s.batch for s in plan.steps})
        assert len(plan.steps) >= 10
        done = resume(url, undo=undo, allow=ALLOW)
        assert done.remaining == ()
        assert done.run.status is RunStatus.SUCCEEDED
        assert read(url).digest == (ends.before if undo else ends.after).digest
        assert rows(url, KEPT) == kept
        number += 4
