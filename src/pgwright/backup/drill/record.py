"""The drills that a repository has on record; reading them needs nothing of what a drill does."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime

import msgspec

from pgwright.backup.repository.repository import Repository
from pgwright.errors import PgwrightError

FOLDER = "drills/"


@dataclass(frozen=True, kw_only=True)
class Drill:
    """Say how one drill went: `seconds` is the time in which a restore of this backup can be had.

    `database` is None for a whole server. `problems` is empty when everything was right, `notes` say what
    could not be looked at. `rows` counts what came back. `prevented` says what is lacking where it was held,
    so that the backup could not be tried at all: then nothing is known about it.
    """

    backup: str
    database: str | None
    started_at: datetime
    seconds: float
    rows: int
    tables: int
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    prevented: str | None = None

    @property
    def passed(self) -> bool:
        """Tell whether the backup can be relied on."""
        return not self.problems and self.prevented is None


def record(repository: Repository, drill: Drill) -> None:
    """Write a drill down; one that could not be held, perhaps every night, in the place of the last such."""
    name = f"{drill.started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    if drill.prevented is not None:
        name = f"prevented-{hashlib.sha256(repr(drill.database).encode()).hexdigest()[:8]}"
    text = json.dumps(msgspec.to_builtins(drill), indent=1) + "\n"
    repository.store.put(f"{FOLDER}{name}.json", text.encode())


def drills(repository: Repository) -> tuple[Drill, ...]:
    """Return the drills on record, the oldest first; records that cannot be read are left out."""
    found = []
    for entry in repository.store.list(FOLDER):
        try:
            found.append(msgspec.json.decode(repository.store.read(entry.name), type=Drill))
        except (msgspec.MsgspecError, PgwrightError):
            continue
    return tuple(sorted(found, key=lambda drill: drill.started_at))
