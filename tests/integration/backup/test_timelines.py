"""Where a recovery goes: along timelines, and never anywhere else without a word."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from pgwright.backup.create.base import create_base
from pgwright.backup.drill.drill import drill
from pgwright.backup.drill.trial import DrillOptions
from pgwright.backup.prune import plan_prune
from pgwright.backup.recover.plan import Target, plan_recovery
from pgwright.backup.repository.repository import Repository
from pgwright.backup.retention import Policy
from pgwright.backup.wal.archive import Archive
from pgwright.errors import BackupMissing, RecoveryFailed, UnsupportedServerError
from tests.integration.backup.recovering import recovered, streaming
from tests.integration.backup.running import one
from tests.servers.running import Server


def test_across_a_switch_of_timelines(source: str, repository: Repository) -> None:
    with streaming(repository, source):
        first = create_base(repository, source)
        with psycopg.connect(source, autocommit=True) as conn:
            conn.execute("DROP TABLE IF EXISTS t; CREATE TABLE t AS SELECT 1 AS a")
            conn.execute("SELECT pg_switch_wal()")
        time.sleep(1)
    with recovered(repository, Target()) as second:
        # What the old server still does leads nowhere: the new one branched off before.
        abandoned = create_base(repository, source)
        # The recovered server goes on, on timeline 2, into the same archive.
        with streaming(repository, second.url), psycopg.connect(second.url, autocommit=True) as conn:
            while not one(second.url, "SELECT count(*) FROM pg_replication_slots WHERE active"):
                time.sleep(0.05)
            conn.execute("INSERT INTO t VALUES (2)")
            conn.execute("SELECT pg_switch_wal()")
            conn.execute("INSERT INTO t VALUES (3)")
            conn.execute("ALTER SYSTEM SET summarize_wal = on")
            conn.execute("SELECT pg_reload_conf()")
            time.sleep(1)
        with recovered(repository, Target()) as third:
            assert third.timeline == 3
            assert one(third.url, "SELECT array_agg(a ORDER BY a) FROM t") == [1, 2, 3]
        with pytest.raises(UnsupportedServerError, match="build on"):
            create_base(repository, second.url, incremental=True)
    assert plan_recovery(repository, Target()).base.id == first.id
    assert not plan_prune(repository, Policy(days=0, last=1)).removed
    for target, options in ((Target(timeline=1), {}), (Target(), {"backup": abandoned.id})):
        plan = plan_recovery(repository, target, **options)
        assert (plan.base.id, plan.target.timeline) == (abandoned.id, 1)
        with recovered(repository, target, **options) as old:
            assert one(old.url, "SELECT array_agg(a ORDER BY a) FROM t") == [1]
    assert drill(repository, abandoned, DrillOptions()).passed
    with pytest.raises(BackupMissing, match="does not lead to timeline 2"):
        plan_recovery(repository, Target(timeline=2), backup=abandoned.id)
    repository.remove(first.id)
    with pytest.raises(BackupMissing, match="leads to timeline 2") as caught:
        plan_recovery(repository, Target())
    assert "--timeline 1" in str(caught.value.hint)


def test_twelve_does_not_end_before_its_target_unnoticed(
    server_12: Server, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It opens a server whose WAL ends before the moment without a word, with transactions missing."""
    with psycopg.connect(server_12.url, autocommit=True) as conn:
        create_base(repository, server_12.url)
        conn.execute("SELECT pg_create_restore_point('archived')")
        row = conn.execute("SHOW data_directory").fetchone()
        name = conn.execute("SELECT pg_walfile_name(pg_current_wal_insert_lsn())").fetchone()
        moment = datetime.now().astimezone()
        conn.execute("SELECT pg_switch_wal()")
    assert row and name
    Archive(repository=repository).put(Path(row[0]) / "pg_wal" / name[0])
    monkeypatch.setenv("PGWRIGHT_BINARIES", str(server_12.bindir))
    with recovered(repository, Target(name="archived")) as new:
        assert one(new.url, "SHOW server_version_num").startswith("12")
    with pytest.raises(RecoveryFailed) as caught, recovered(repository, Target(time=moment)):
        pass
    assert "the archived WAL ends before that moment" in str(caught.value.detail)
