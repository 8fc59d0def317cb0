"""What drills of every kind share: how they are held, and what they hand over to be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgwright.backup.contents.inventory import revision
from pgwright.backup.contents.structure import changes
from pgwright.backup.repository.manifest import DatabaseFacts, Manifest, Role
from pgwright.backup.repository.repository import Repository
from pgwright.pg.connect import connect

EMBEDDED = "embedded"
SERVER = "drill-"  # how names of servers begin that last for a drill
_SHOWN = 5

# Looks at a restored database, given its URL, and returns what is wrong with it.
Inspect = Callable[[str], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class DrillOptions:
    """Say where and how a drill is held.

    `scratch` is "embedded" or a server that has the extensions which the database needs. `queries` must
    each return one true value, in `database` where the backup is of a whole server.
    """

    scratch: str = EMBEDDED
    queries: tuple[str, ...] = ()
    database: str | None = None
    jobs: int = 2
    home: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Hold what was restored, for as long as it is there: `url` leads to the database to look at.

    `seconds` is how long the restore itself took; `problems` and `notes` are what it showed already.
    """

    url: str
    seconds: float
    rows: int
    tables: int
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def with_owners(backup: Manifest, options: DrillOptions) -> bool:
    """Tell whether a dump comes back with its owners: on a server made for it, with roles in the backup."""
    return options.scratch == EMBEDDED and bool(backup.of(Role.GLOBALS))


def compared(
    repository: Repository, backup: Manifest, facts: DatabaseFacts, url: str, options: DrillOptions
) -> Iterator[str]:
    """Yield what is not as it was in the database at `url`: its migrations, its structure."""
    with connect(url, autocommit=True) as conn:
        found = revision(conn)
    # What was backed up in part need not hold the records of migrations.
    if found != facts.revision and (backup.is_whole or backup.is_physical):
        has, had = (", ".join(revisions) or "none" for revisions in (found, facts.revision))
        yield f"migrations on record are {has}, in the backup {had}"
    for file in backup.of(Role.CATALOG):
        if file.database not in (None, facts.name):
            continue
        owners = backup.is_physical or with_owners(backup, options)
        differ = changes(repository, backup, file, url, owners=owners, scratch=options.scratch)
        if differ:
            shown = ", ".join(str(change) for change in differ[:_SHOWN])
            more = f", and {len(differ) - _SHOWN} more" if len(differ) > _SHOWN else ""
            yield f"the structure is another one; to have what was backed up: {shown}{more}"
