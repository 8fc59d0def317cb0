"""Make a logical backup: dump, compress, encrypt, hash and store in one pass, then write the manifest."""

from __future__ import annotations

import getpass
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pgwright.backup.contents import inventory
from pgwright.backup.contents.structure import captured
from pgwright.backup.create import dump
from pgwright.backup.programs import programs_for
from pgwright.backup.repository.manifest import Content, Kind, Manifest, Role, StoredFile, TableFacts
from pgwright.backup.repository.repository import Repository
from pgwright.backup.repository.streams import LEVEL
from pgwright.errors import UsageError
from pgwright.kinds.codec import catalog_to_json
from pgwright.pg.address import Address, parse_address
from pgwright.server import Binaries
from pgwright.verify.fingerprint import take_fingerprints
from pgwright.version import __version__

Progress = inventory.Count
_Put = Callable[..., StoredFile]


@dataclass(frozen=True, kw_only=True)
class DumpOptions:
    """Say what a logical backup holds and in which form.

    `form` is plain, custom or parallel; `level` is zstd's, None for no compression. `tables` limits it to
    these. `roles` adds the server's roles and tablespaces, `role_passwords` the hashes of their
    passwords. `checksums` keeps a checksum of every table's contents, which reads them a second time.
    """

    form: str = dump.CUSTOM
    content: Content = Content.ALL
    tables: tuple[str, ...] = ()
    jobs: int = 1
    level: int | None = LEVEL
    roles: bool = True
    role_passwords: bool = False
    checksums: bool = False
    label: str | None = None


def create_dump(
    repository: Repository, url: str, options: DumpOptions, *, progress: Progress | None = None
) -> Manifest:
    """Back up the database at `url` and return the manifest. Nothing whole or unencrypted touches a disk.

    `progress` is called with a label, what is done and the total. Raises `BackupFailed`, `PrivilegeError`,
    `RepositoryLocked`, `UsageError` and the storage's errors; the repository is then as it was before.
    """
    if options.role_passwords and repository.encryption.way is None:
        raise UsageError(
            "password hashes go into encrypted backups only",
            detail="nothing was done",
            hint="name who may read the backup with --recipient, or leave --role-passwords out",
        )
    repository.encryption.check()
    address = parse_address(url)
    started = datetime.now(UTC)
    with (
        inventory.snapshot(url) as taken,
        repository.writing(f"backing up {address.dbname}"),
        repository.adding(taken.conn.info.dbname) as (id, sequence),
    ):
        database = inventory.database_facts(taken)
        chosen = inventory.tables(taken, options.tables)
        inventory.require_readable(chosen, taken.conn.info.user)
        programs = programs_for(taken.major)
        put = partial(repository.put, id, level=options.level)
        streams = dump.parts(
            database.name,
            chosen,
            form=options.form,
            content=options.content,
            chosen=bool(options.tables),
        )
        meter = _Meter(progress, sum(part.weight for part in streams))

        def write(part: dump.Part) -> StoredFile:
            flow = meter.feed(dump.stream(part, programs, address, taken))
            return put(part.file, flow, expected=part.weight)

        with (
            ThreadPoolExecutor(options.jobs, thread_name_prefix="pgwright dump") as dumps,
            # What goes on beside the dumps is done before most of them are.
            ThreadPoolExecutor(3, thread_name_prefix="pgwright backup") as others,
        ):
            held = others.submit(_described, taken, chosen, options, put)
            roles = others.submit(_roles, programs, address, options, put)
            sums = others.submit(_fingerprints, url, taken, chosen, options)
            dumped = [dumps.submit(write, part) for part in streams]
            work: tuple[Future[Any], ...] = (held, roles, sums, *dumped)
            try:
                # A count that fails ends the snapshot, of which pg_dump would only say that it is gone.
                for done in as_completed(work):
                    done.result()
            except BaseException:
                for future in work:
                    future.cancel()
                meter.stop()
                raise
        tables, catalog = held.result()
        files = [*(future.result() for future in dumped), *catalog, *roles.result()]
        made = Manifest(
            id=id,
            sequence=sequence,
            kind=Kind.DUMP,
            form=options.form,
            content=options.content,
            started_at=started,
            finished_at=datetime.now(UTC),
            place=address.place,
            server_version=taken.conn.info.server_version,
            program=programs.version,
            pgwright=__version__,
            made_by=made_by(),
            databases=(replace(database, tables=tables, fingerprints=sums.result()),),
            tables=tuple(str(table.facts) for table in chosen) if options.tables else (),
            system=taken.system,
            lsn=taken.lsn,
            timeline=taken.timeline,
            recipients=repository.encryption.recipients,
            label=options.label,
            files=tuple(files),
        )
        repository.finish(made)
    return made


def _described(
    taken: inventory.Snapshot, chosen: Sequence[inventory.Table], options: DumpOptions, put: _Put
) -> tuple[tuple[TableFacts, ...], list[StoredFile]]:
    """Return the tables with their rows counted, and the stored catalog, by the session of the snapshot."""
    whole = options.content is not Content.DATA and not options.tables
    catalog = captured(taken, taken.conn.info.dbname) if whole else None
    files = [put(_file("catalog.json", Role.CATALOG), (catalog_to_json(catalog),))] if catalog else []
    if options.content is Content.SCHEMA:
        return tuple(table.facts for table in chosen), files
    return inventory.counted(taken, chosen), files


def _roles(programs: Binaries, address: Address, options: DumpOptions, put: _Put) -> list[StoredFile]:
    if not options.roles:
        return []
    flow = dump.globals_stream(programs, address, passwords=options.role_passwords)
    return [put(_file("globals.sql", Role.GLOBALS), flow)]


def _file(name: str, role: Role) -> StoredFile:
    return StoredFile(name=name, role=role, size=0, sha256="", plain_size=0)


def _fingerprints(
    url: str, taken: inventory.Snapshot, chosen: Sequence[inventory.Table], options: DumpOptions
) -> tuple[Mapping[str, Any], ...]:
    if not options.checksums or options.content is Content.SCHEMA:
        return ()
    names = {str(table.facts) for table in chosen}
    found = take_fingerprints(url, snapshot=taken.name)
    return tuple(fingerprint.as_dict() for fingerprint in found if fingerprint.table in names)


def made_by() -> str:
    """Return user and machine, for the manifest."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"  # an account without an entry in the user database
    return f"{user}@{socket.gethostname()}"


class _Meter:
    """Count the bytes of all streams together, and end them all when one fails."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0
        self._stopped = False
        self._lock = threading.Lock()

    def feed(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            if self._stopped:
                raise UsageError("stopped because another part of the backup failed")
            with self._lock:
                self._done += len(chunk)
                if self._progress:
                    # Tables and their dumps differ in size: the bar is honest about bytes, not about the end.
                    self._progress("bytes dumped", self._done, max(self._total, self._done))
            yield chunk

    def stop(self) -> None:
        self._stopped = True


def resolve_groups(groups: Sequence[str], known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the tables of named groups of pgwright.toml. Raises `UsageError` for an unknown one."""
    for name in groups:
        if name not in known:
            raise UsageError(
                f"there is no group {name} in pgwright.toml",
                detail=f"known: {', '.join(known) or 'none'}",
                hint='add it below [groups]: configuration = ["pricing_config"]',
            )
    return tuple(table for name in groups for table in known[name])
