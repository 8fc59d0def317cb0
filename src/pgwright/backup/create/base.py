"""Base backups: the files of a whole server through pg_basebackup, as one tar stream, full or incremental."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgwright.backup.contents.structure import Structure, structures
from pgwright.backup.contents.tarwatch import TarWatch
from pgwright.backup.create.logical import made_by
from pgwright.backup.programs import client_environment, newest_programs
from pgwright.backup.repository.manifest import Kind, Manifest, Role, StoredFile
from pgwright.backup.repository.repository import Repository
from pgwright.backup.repository.streams import LEVEL, Told, output_of
from pgwright.backup.restore.load import in_memory
from pgwright.errors import (
    BackupFailed,
    BackupMissing,
    PgwrightError,
    PrivilegeError,
    UnsupportedServerError,
    UsageError,
)
from pgwright.pg.address import Address, parse_address
from pgwright.pg.capabilities import require
from pgwright.pg.connect import connect
from pgwright.server import Binaries
from pgwright.version import __version__

if TYPE_CHECKING:
    import psycopg

Progress = Callable[[str, int, int], None]

# A server that replays WAL refuses to start with less of these than where it was written.
KEPT_SETTINGS = (
    "max_connections",
    "max_worker_processes",
    "max_wal_senders",
    "max_prepared_transactions",
    "max_locks_per_transaction",
    "shared_preload_libraries",
    "wal_segment_size",
    "track_commit_timestamp",
)
LABEL, SERVER_MANIFEST = "backup_label", "backup_manifest"


@dataclass(frozen=True, kw_only=True)
class _Facts:
    version: int
    system: str
    settings: Mapping[str, str]
    bytes: int


def create_base(
    repository: Repository,
    url: str,
    *,
    incremental: bool = False,
    level: int | None = LEVEL,
    label: str | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Back up the whole server at `url` and return the manifest; the WAL that it needs is inside.

    `incremental` keeps only the blocks that changed since the newest base backup of the same server.
    Raises `PrivilegeError` without REPLICATION, `UnsupportedServerError`, `BackupMissing` where there is
    nothing to build on, `BackupFailed`; the repository is then as it was before.
    """
    repository.encryption.check()
    address = parse_address(url)
    started = datetime.now(UTC)
    with connect(url, autocommit=True) as conn:
        facts = _facts(conn)
        if incremental:
            _require_summaries(conn)
    programs = newest_programs(facts.version // 10000)
    before = structures(url)
    with repository.writing(f"backing up the server {address.place}"):
        parent = _parent(repository, facts) if incremental else None
        with repository.adding("incremental" if parent else "server") as (id, sequence):
            watch = TarWatch((LABEL, SERVER_MANIFEST))
            # Read before: while a store takes a stream in, that stream cannot read from it.
            below = b"".join(_parent_manifest(repository, parent))
            flow = _stream(id, below, programs=programs, address=address)
            base = repository.put(
                id,
                StoredFile(name="base.tar", role=Role.BASE, size=0, sha256="", plain_size=0),
                Told(progress, "bytes copied", facts.bytes).passing(watch.passing(flow)),
                level=level,
                expected=facts.bytes,
            )
            files = [base]
            if SERVER_MANIFEST in watch.found:
                # Names, sizes and checksums of files, no data: readable, so that the next incremental backup
                # can be made by a server that cannot read its own backups.
                files.append(
                    repository.put(
                        id,
                        StoredFile(
                            name=SERVER_MANIFEST, role=Role.BASE_MANIFEST, size=0, sha256="", plain_size=0
                        ),
                        [watch.found[SERVER_MANIFEST]],
                        level=level,
                        sealed=False,
                    )
                )
            described = tuple(_unchanged(before, structures(url)))
            files += [_put_catalog(repository, id, one, n, level=level) for n, one in enumerate(described)]
            end, next_xid = _end(watch, url)
            made = Manifest(
                id=id,
                sequence=sequence,
                kind=Kind.INCREMENTAL if parent else Kind.BASE,
                form="tar",
                started_at=started,
                finished_at=datetime.now(UTC),
                place=address.place,
                server_version=facts.version,
                program=programs.version,
                pgwright=__version__,
                made_by=made_by(),
                system=facts.system,
                lsn=end.start,
                end_lsn=end.lsn,
                timeline=end.timeline,
                next_xid=next_xid,
                parent=parent.id if parent else None,
                recipients=repository.encryption.recipients,
                label=label,
                databases=tuple(one.facts for one in described),
                settings=facts.settings,
                files=tuple(files),
            )
            repository.finish(made)
    return made


def _stream(id: str, below: bytes, *, programs: Binaries, address: Address) -> Iterator[bytes]:
    """Yield what pg_basebackup writes, on top of the backup with the manifest `below` where there is one."""
    command: list[str | Path] = [programs.program("pg_basebackup"), "--pgdata=-", "--format=tar"]
    command += ["--wal-method=fetch", "--checkpoint=fast", "--no-password", f"--label=pgwright {id}"]
    with in_memory([below]) as path:
        if below:
            command.append(f"--incremental={path}")
        yield from output_of(
            command,
            environment=client_environment(programs, address),
            pass_fds=(int(path.rpartition("/")[2]),),
            explain=_explain,
        )


def _facts(conn: psycopg.Connection[Any]) -> _Facts:
    spaces = conn.execute("SELECT spcname FROM pg_tablespace WHERE oid >= 16384").fetchall()
    if spaces:
        raise UsageError(
            f"the server has tablespaces of its own: {', '.join(row[0] for row in spaces)}",
            detail="base backups are one stream, which holds the main data directory only; nothing was done",
            hint="back up its databases with: pgwright backup create",
        )
    rows = conn.execute(
        "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", (list(KEPT_SETTINGS),)
    ).fetchall()
    size = conn.execute("SELECT sum(pg_database_size(oid))::bigint FROM pg_database").fetchone()
    system = conn.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()
    assert size and system
    return _Facts(version=conn.info.server_version, system=system[0], settings=dict(rows), bytes=size[0])


def _require_summaries(conn: psycopg.Connection[Any]) -> None:
    require(conn, "incremental_backup")
    row = conn.execute("SELECT current_setting('summarize_wal')").fetchone()
    if row != ("on",):
        raise UnsupportedServerError(
            "incremental backups need the server to keep summaries of its WAL",
            detail="summarize_wal is off; nothing was done",
            hint="ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf(); "
            "then make one full backup with: pgwright backup create --physical",
        )


def _parent(repository: Repository, facts: _Facts) -> Manifest:
    found = [
        m
        for m in repository.backups()
        if m.is_physical and m.system == facts.system and m.server_version // 10000 == facts.version // 10000
    ]
    if not found:
        raise BackupMissing(
            f"{repository.url} holds no base backup of this server to build on",
            detail="nothing was done",
            hint="make a full one first: pgwright backup create --physical",
        )
    return found[-1]


def _parent_manifest(repository: Repository, parent: Manifest | None) -> Iterable[bytes]:
    if parent is None:
        return ()
    (file,) = parent.of(Role.BASE_MANIFEST)
    return repository.read(parent.id, file)


def _unchanged(before: Mapping[str, Structure], after: Mapping[str, Structure]) -> Iterator[Structure]:
    """Yield what was the same before the backup and after it, and so at the moment that it brings back.

    PostgreSQL counts no changes of catalogs, and only a reading between would be of that very moment. To read
    twice costs little beside the files: a second for ten thousand objects.
    """
    for name, structure in after.items():
        if name in before and structure.is_same(before[name]):
            yield structure


def _put_catalog(
    repository: Repository, id: str, structure: Structure, number: int, *, level: int | None
) -> StoredFile:
    name, database = f"catalog-{number}.json", structure.facts.name
    file = StoredFile(name=name, role=Role.CATALOG, database=database, size=0, sha256="", plain_size=0)
    return repository.put(id, file, [structure.text], level=level)


@dataclass(frozen=True, kw_only=True)
class End:
    """Say where a base backup begins and from where on it is consistent, with the timeline of that."""

    timeline: int
    start: str
    lsn: str


def end_of(found: Mapping[str, bytes]) -> End | None:
    """Return what the backup's label and PostgreSQL's manifest say; None where one is missing, as in 12."""
    label = found.get(LABEL, b"").decode(errors="replace")
    start = re.search(r"START WAL LOCATION: ([0-9A-F]+/[0-9A-F]+)", label)
    if start is None or SERVER_MANIFEST not in found:
        return None
    last = json.loads(found[SERVER_MANIFEST])["WAL-Ranges"][-1]
    return End(timeline=last["Timeline"], start=start[1], lsn=last["End-LSN"])


def _end(watch: TarWatch, url: str) -> tuple[End, int]:
    """Return where the backup ends, and the first transaction that began later."""
    # By now the server is past the end of the backup, which PostgreSQL 12 does not tell.
    with connect(url, autocommit=True) as conn:
        row = conn.execute(
            "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() "
            "ELSE pg_current_wal_lsn() END::text, txid_snapshot_xmax(txid_current_snapshot())"
        ).fetchone()
    assert row
    if end := end_of(watch.found):
        return end, row[1]
    label = watch.found.get(LABEL, b"").decode(errors="replace")
    start = re.search(r"START WAL LOCATION: ([0-9A-F]+/[0-9A-F]+)", label)
    timeline = re.search(r"START TIMELINE: (\d+)", label)
    if not start or not timeline:
        raise BackupFailed("the base backup has no label", detail="the repository is as before")
    return End(timeline=int(timeline[1]), start=start[1], lsn=row[0]), row[1]


def _explain(program: str, words: str) -> PgwrightError:
    if "replication" in words and ("permission" in words or "must be superuser" in words):
        return PrivilegeError(
            "the role may not copy the server's files",
            detail=f"{words}; the repository is as before",
            hint="as a superuser: ALTER ROLE name REPLICATION",
        )
    if any(part in words for part in ("WAL summaries", "manifest requires WAL", "found in manifest")):
        return UnsupportedServerError(
            "the server has no summaries of its WAL back to the backup to build on",
            detail=f"{words}; the repository is as before",
            hint="make a full one: pgwright backup create --physical; where the server was not recovered to "
            "an earlier moment since, see wal_summary_keep_time",
        )
    if "checksum error" in words:
        return BackupFailed(
            "pages of the server do not fit their checksums, and what is damaged shall not pass for a backup",
            detail=f"{words}; the repository is as before",
            hint="find out what is damaged, in each of its databases: pgwright backup corruption",
        )
    if "pg_hba.conf" in words:
        return PrivilegeError(
            "pg_hba.conf does not let this role make base backups",
            detail=f"{words}; the repository is as before",
            hint="add: hostssl replication ROLE ADDRESS/32 scram-sha-256; then: SELECT pg_reload_conf()",
        )
    return BackupFailed(
        f"{program} failed",
        detail=f"{words or 'it said nothing'}; the repository is as before",
        hint="mend the cause that it names, then run the same command again",
    )
