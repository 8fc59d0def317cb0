"""What a backup holds, written beside it as its last file: a backup without a manifest is no backup.

The file is JSON that ends with its own SHA-256, so that a change of any byte in it shows. Readers ignore
keys that they do not know and refuse only a newer `format`; a key never changes its meaning.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from pgwright.errors import BackupDamaged
from pgwright.kinds.timeseries.policy_carry import Carried

FORMAT = 1
RECORDS = "pgwright"  # the schema in which pgwright keeps its own
NAME = "manifest.json"
COPIES = ("manifest.copy.json", NAME)  # in the order in which they are written


class Kind(StrEnum):
    """Say how a backup was made: a logical dump, a physical base backup, or what changed since one."""

    DUMP = "dump"
    BASE = "base"
    INCREMENTAL = "incremental"


class Content(StrEnum):
    """Say which half of a database a dump holds."""

    ALL = "all"
    SCHEMA = "schema"
    DATA = "data"


class Role(StrEnum):
    """Say what a file is for: each is one stream of one of PostgreSQL's programs, but for `CATALOG`.

    `SQL` is a plain dump and `WHOLE` a custom archive with everything; a dump with parallel jobs has a
    `SCHEMA` archive, a `DATA` archive of the small tables and one `DATA` archive for each large table.
    `CATALOG` is the structure of a database as pgwright reads it, which drills compare.
    """

    SQL = "sql"
    WHOLE = "whole"
    SCHEMA = "schema"
    DATA = "data"
    GLOBALS = "globals"
    CATALOG = "catalog"
    BASE = "base"
    BASE_MANIFEST = "base-manifest"


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """Describe one file: `size` and `sha256` are of what is stored, `plain_size` of what went in.

    `encoding` lists what was done to the content, in that order: ``("zstd", "age")``.
    """

    name: str
    role: Role
    size: int
    sha256: str
    plain_size: int
    encoding: tuple[str, ...] = ()
    database: str | None = None


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """Say what one table held in the dump's snapshot; `rows` is None where only its schema was dumped.

    Base backups count no rows: `estimate` is what the server's statistics made of them, None where they did
    not know. `root` is the schema and name of the partitioned table that it is a partition of; the rows of a
    `hypertable` are in chunks, other tables of the same dump.
    """

    schema: str
    name: str
    rows: int | None
    estimate: int | None = None
    root: tuple[str, str] | None = None
    indexes: tuple[str, ...] = ()
    sequences: tuple[str, ...] = ()
    hypertable: bool = False

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def is_internal(self) -> bool:
        """Tell whether it is a record of pgwright or a chunk of TimescaleDB, no table to users."""
        return self.schema == RECORDS or self.schema.startswith("_timescaledb_")


@dataclass(frozen=True, kw_only=True)
class DatabaseFacts:
    """Say what a database was: what CREATE DATABASE needs, its settings, roles in use, revision, tables.

    `column_notes` tells that the server keeps notes of its own among the options of columns.

    `policies` are what is declared about tables over time. `fingerprints` are those of `pgwright.verify`, of
    every table's contents, where they were asked for.
    """

    name: str
    encoding: str
    collation: str
    character_type: str
    owner: str
    provider: str = "c"
    locale: str | None = None
    size_bytes: int = 0
    column_notes: bool = False
    settings: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    extensions: Mapping[str, str] = field(default_factory=dict)
    revision: tuple[str, ...] = ()
    tables: tuple[TableFacts, ...] = ()
    policies: tuple[Carried, ...] = ()
    fingerprints: tuple[Mapping[str, Any], ...] = ()

    @property
    def table_count(self) -> int:
        """Return how many tables there are to their users: all partitions of one are one."""
        return len(
            {table.root or (table.schema, table.name) for table in self.tables if not table.is_internal}
        )

    @property
    def row_count(self) -> int:
        """Return how many rows these hold, without pgwright's own."""
        return sum(table.rows or 0 for table in self.tables if table.schema != RECORDS)

    @property
    def row_estimate(self) -> int | None:
        """Return about how many rows these hold in a base backup; None where one of them is not known."""
        found = [table.estimate for table in self.tables if table.schema != RECORDS]
        return None if None in found else sum(rows or 0 for rows in found)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Describe a complete backup.

    `sequence` orders the backups of a repository whatever the clock says. `lsn` and `timeline` are where the
    server was when the backup began; a base backup is consistent from `end_lsn` on, and its `databases` are
    those that had the same structure before and after it. `parent` is the backup that an incremental one
    builds on. `tables` names the chosen tables, empty for all. `recipients` are who
    can read it, empty for everybody. `program` is the version of PostgreSQL's program that wrote it.
    `settings` are those without which a base backup cannot be started. `next_xid` is the first transaction
    that had not begun when a base backup ended. `rebuilt_at` tells that the manifest was lost, and put
    together again from the files: it says what there was then, not what there should have been.
    """

    id: str
    sequence: int
    kind: Kind
    form: str
    started_at: datetime
    finished_at: datetime
    place: str
    server_version: int
    program: str
    pgwright: str
    made_by: str
    files: tuple[StoredFile, ...]
    content: Content = Content.ALL
    databases: tuple[DatabaseFacts, ...] = ()
    tables: tuple[str, ...] = ()
    system: str | None = None
    lsn: str | None = None
    end_lsn: str | None = None
    timeline: int | None = None
    next_xid: int | None = None
    parent: str | None = None
    recipients: tuple[str, ...] = ()
    label: str | None = None
    rebuilt_at: datetime | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def size(self) -> int:
        """Return the bytes that the backup takes in the repository, without its manifest."""
        return sum(file.size for file in self.files)

    @property
    def is_physical(self) -> bool:
        """Tell whether it holds the files of a whole server."""
        return self.kind is not Kind.DUMP

    @property
    def is_whole(self) -> bool:
        """Tell whether it is a dump of a whole database."""
        return self.kind is Kind.DUMP and self.content is Content.ALL and not self.tables

    @property
    def series(self) -> tuple[object, ...]:
        """Return what makes backups comparable: the same server, or the same part of one database."""
        return ("server", self.system) if self.is_physical else (self.database, self.content, self.tables)

    @property
    def database(self) -> str | None:
        """Return the name of the database that a dump holds."""
        return self.databases[0].name if self.databases and not self.is_physical else None

    def of(self, role: Role) -> tuple[StoredFile, ...]:
        """Return the files of one role, in the order in which they were written."""
        return tuple(file for file in self.files if file.role is role)


# msgspec works a dataclass out on first use and crashes the process where two threads do so at once, as those
# that read a repository would: it is done here, on import, which one thread does alone.
msgspec.json.Decoder(Manifest)


def encode(manifest: Manifest) -> bytes:
    """Return the manifest as its file holds it."""
    body = msgspec.to_builtins(manifest)
    return _sealed(body)


def decode(content: bytes, *, name: str) -> Manifest:
    """Return the manifest that a file holds; `name` is that of the backup, for messages.

    Raises `BackupDamaged` where a byte of it was changed, or where a newer pgwright wrote it.
    """
    try:
        body: dict[str, Any] = json.loads(content)
        body.pop("sha256")
        intact = _sealed(body) == content
    except (ValueError, KeyError, TypeError, AttributeError):
        intact = False
        body = {}
    if not intact:
        raise BackupDamaged(
            f"the manifest of backup {name} is damaged",
            detail="its own checksum does not fit; the files beside it may be whole",
            hint="rebuild it from them: pgwright backup repair; or restore an older backup",
        )
    if body.get("format", 0) > FORMAT:
        raise BackupDamaged(
            f"backup {name} was written by a newer pgwright",
            detail=f"format {body['format']}; this one reads up to {FORMAT}",
            hint="upgrade: pip install --upgrade pgwright",
        )
    return msgspec.convert(body, Manifest)


def _sealed(body: Mapping[str, Any]) -> bytes:
    digest = hashlib.sha256(_text(body).encode()).hexdigest()
    return (_text({**body, "sha256": digest}) + "\n").encode()


def _text(body: Mapping[str, Any]) -> str:
    return json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False)
