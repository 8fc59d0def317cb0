"""One database through pg_dump: which streams there are, and what each is called.

With parallel jobs a dump is several streams under one snapshot rather than pg_dump's own directory format,
which only exists as files on a local disk: an archive of the schema, one of the small tables, and one for
each large table. Each is an ordinary archive of pg_dump.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgwright.backup.contents import inventory
from pgwright.backup.contents.inventory import Snapshot, Table
from pgwright.backup.programs import client_environment
from pgwright.backup.repository.manifest import Content, Role, StoredFile
from pgwright.backup.repository.streams import output_of
from pgwright.errors import BackupFailed, PgwrightError, PrivilegeError
from pgwright.pg.address import Address
from pgwright.server import Binaries

PLAIN, CUSTOM, PARALLEL = "plain", "custom", "parallel"
_LARGE = 32 * 1024 * 1024  # a process of its own costs as much as dumping this


@dataclass(frozen=True, kw_only=True)
class Part:
    """Describe one stream of a dump; `weight` is about how many bytes of tables it reads."""

    file: StoredFile
    options: tuple[str, ...]
    weight: int


def parts(
    database: str, listed: Sequence[Table], *, form: str, content: Content, chosen: bool
) -> tuple[Part, ...]:
    """Return the streams of a dump, the largest first; `chosen` says that `listed` is not all there is."""
    only = tuple(option for table in listed for option in ("--table", _pattern(table))) if chosen else ()
    # Rows alone may meet other partitions than they were in: there PostgreSQL chooses.
    rows = ("--data-only", "--load-via-partition-root")
    half = {Content.ALL: (), Content.SCHEMA: ("--schema-only",), Content.DATA: rows}[content]
    total = sum(table.bytes for table in listed)
    if form == PLAIN:
        return (_part(f"{database}.sql", Role.SQL, database, ("--format=plain", *half, *only), total),)
    custom = ("--format=custom", "--compress=0")
    if form == CUSTOM:
        return (_part(f"{database}.dump", Role.WHOLE, database, (*custom, *half, *only), total),)
    found = []
    if content is not Content.DATA:
        # Unlike --schema-only, all but the data tells which materialized views are filled. Large objects are
        # data here, whatever pg_dump's version holds them to be.
        but_rows = ("--section=pre-data", "--section=post-data", "--no-blobs")
        all_else = ("--schema-only",) if content is Content.SCHEMA else but_rows
        found.append(_part(f"{database}.schema.dump", Role.SCHEMA, database, (*custom, *all_else, *only), 0))
    if content is Content.SCHEMA:
        return tuple(found)
    data = half or ("--data-only",)
    large = sorted((t for t in listed if t.bytes >= _LARGE), key=lambda t: t.bytes, reverse=True)
    for number, table in enumerate(large, start=1):
        options = (*custom, *data, "--table", _pattern(table))
        found.append(_part(f"{database}.{number:04}.dump", Role.DATA, database, options, table.bytes))
    without = tuple(o for table in large for o in ("--exclude-table-data", _pattern(table)))
    rest = total - sum(table.bytes for table in large)
    found.append(_part(f"{database}.data.dump", Role.DATA, database, (*custom, *data, *only, *without), rest))
    return tuple(sorted(found, key=lambda part: part.weight, reverse=True))


def stream(part: Part, programs: Binaries, address: Address, taken: Snapshot) -> Iterator[bytes]:
    """Yield what pg_dump writes for a part of the dump. Raises `BackupFailed` or `PrivilegeError`."""
    command: list[str | Path] = [
        programs.program("pg_dump"),
        *part.options,
        f"--snapshot={taken.name}",
        "--no-password",
    ]
    command += [f"--lock-wait-timeout={inventory.LOCK_TIMEOUT}"]

    def explain(program: str, words: str) -> PgwrightError:
        # pg_dump limits the statement that locks its tables.
        waited = "statement timeout" in words and "LOCK TABLE" in words
        return inventory.locked(address.text) if waited else _explain(program, words)

    return output_of(command, environment=client_environment(programs, address), explain=explain)


def globals_stream(programs: Binaries, address: Address, *, passwords: bool) -> Iterator[bytes]:
    """Yield the roles and tablespaces of the server as SQL, with the hashes of passwords where asked."""
    command: list[str | Path] = [programs.program("pg_dumpall"), "--globals-only", "--no-password"]
    command += [] if passwords else ["--no-role-passwords"]
    command += ["--database", address.dbname] if address.dbname else []
    return output_of(command, environment=client_environment(programs, address), explain=_explain)


def _part(name: str, role: Role, database: str, options: tuple[str, ...], weight: int) -> Part:
    # A database may be called anything; a file of the repository may not.
    safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in name).lstrip(".")
    file = StoredFile(name=safe, role=role, database=database, size=0, sha256="", plain_size=0)
    return Part(file=file, options=options, weight=weight)


def _pattern(table: Table) -> str:
    """Return a pattern of pg_dump that matches this table alone."""
    schema, name = (part.replace('"', '""') for part in (table.facts.schema, table.facts.name))
    return f'"{schema}"."{name}"'


def _explain(program: str, words: str) -> PgwrightError:
    if "permission denied" in words or "must be superuser" in words:
        return PrivilegeError(
            f"{program} may not read everything",
            detail=f"{words}; the repository is as before",
            hint="GRANT pg_read_all_data TO the role (PostgreSQL 14 on), or back up as the owner",
        )
    if "row-level security" in words:
        return PrivilegeError(
            f"{program} would leave out rows: row-level security applies to this role",
            detail=f"{words}; the repository is as before",
            hint="back up as a role with BYPASSRLS: ALTER ROLE name BYPASSRLS",
        )
    if "invalid page in block" in words:
        return BackupFailed(
            "the server cannot read a page that is damaged",
            detail=f"{words}; the repository is as before, with all older backups",
            hint="find out what is damaged, and what to do: pgwright backup corruption",
        )
    return BackupFailed(
        f"{program} failed",
        detail=f"{words or 'it said nothing'}; the repository is as before",
        hint="mend the cause that it names, then run the same command again",
    )
