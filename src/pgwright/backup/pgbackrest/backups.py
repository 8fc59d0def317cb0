"""pgBackRest under the same commands, for teams that have it: its backups, its archive, its checks."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pgwright.backup.pgbackrest.stanza import Stanza
from pgwright.errors import BackupFailed, BackupMissing, WrongKey
from pgwright.pg.redact import redact

FULL, DIFFERENTIAL, INCREMENTAL = "full", "diff", "incr"
_UNREADABLE = 99


@dataclass(frozen=True, kw_only=True)
class Made:
    """Describe one of its backups; `sequence` orders them whatever the clock says.

    `wal` is the first file of WAL that it needs. `size` is what it takes in the repository, `server_size`
    what it brings back, both in bytes.
    """

    id: str
    sequence: int
    kind: str
    started_at: datetime
    finished_at: datetime
    size: int
    server_size: int
    lsn: str | None
    end_lsn: str | None
    wal: str | None
    parent: str | None
    server_version: str
    damaged: bool

    @property
    def series(self) -> tuple[object, ...]:
        """Return what makes them comparable: they are all of one server."""
        return ()


def create(stanza: Stanza, kind: str, *, label: str | None = None) -> Made:
    """Make a backup and return it; without a full one to build on it becomes full.

    Raises `RepositoryLocked`, `BackupFailed`.
    """
    stanza.run(*stanza.server, "stanza-create")
    note = [f"--annotation=label={label}"] if label else []
    stanza.run(*stanza.server, f"--type={kind}", *note, "backup")
    return backups(stanza)[-1]


def backups(stanza: Stanza) -> tuple[Made, ...]:
    """Return its backups, the oldest first."""
    found: list[dict[str, Any]] = json.loads(stanza.run("--output=json", "info"), strict=False)
    made = []
    for one in found:
        _require_open(one)
        versions = {entry["id"]: entry["version"] for entry in one.get("db", ())}
        made += [_made(entry, n, versions) for n, entry in enumerate(one.get("backup", ()))]
    return tuple(made)


def find(stanza: Stanza, id: str | None) -> Made:
    """Return a backup by its label, by default the newest. Raises `BackupMissing`."""
    found = [one for one in backups(stanza) if id in (None, "latest") or one.id == id]
    if not found:
        raise BackupMissing(
            f"pgbackrest has no backup {id or ''} of {stanza.name}".replace("  ", " "),
            hint="list them: pgwright backup list --engine pgbackrest",
        )
    return found[-1]


def verify(stanza: Stanza) -> tuple[str, ...]:
    """Read all backups and all WAL, and return what is wrong with them, but for files that are missing."""
    said = stanza.run("--output=text", "verify")
    wrong = re.compile(r"ERROR|(missing|checksum invalid|size invalid|other): [1-9]|status: (?!ok|valid)")
    return tuple(line.strip() for line in said.splitlines() if wrong.search(line))


def expire(stanza: Stanza, ids: Collection[str]) -> None:
    """Delete backups, and the WAL from before the oldest full one that stays."""
    for id in sorted(ids, reverse=True):
        stanza.run(f"--set={id}", "expire")
    full = sum(one.kind == FULL for one in backups(stanza))
    if full:
        stanza.run(f"--repo1-retention-archive={full}", "--repo1-retention-archive-type=full", "expire")


def _require_open(found: Mapping[str, Any]) -> None:
    """Raise where a repository could not be read; `info` itself calls that a success."""
    for repository in found.get("repo", ()):
        if repository["status"]["code"] != _UNREADABLE:
            continue
        words = redact(repository["status"]["message"])
        if repository["cipher"] != "none" and "unable to load info file" in words:
            raise WrongKey(
                "pgbackrest cannot open its repository with this passphrase",
                detail=words,
                hint="set PGWRIGHT_PASSPHRASE to the one that it was made with",
            )
        raise BackupFailed(
            "pgbackrest cannot read its repository", detail=words, hint="mend the cause that it names"
        )


def _made(entry: Mapping[str, Any], sequence: int, versions: Mapping[int, str]) -> Made:
    at = {key: datetime.fromtimestamp(entry["timestamp"][key], UTC) for key in ("start", "stop")}
    lsn = entry.get("lsn") or {}
    return Made(
        id=entry["label"],
        sequence=sequence,
        kind=entry["type"],
        started_at=at["start"],
        finished_at=at["stop"],
        size=entry["info"]["repository"]["delta"],
        server_size=entry["info"]["size"],
        lsn=lsn.get("start"),
        end_lsn=lsn.get("stop"),
        wal=(entry.get("archive") or {}).get("start"),
        parent=entry.get("prior"),
        server_version=versions.get(entry["database"]["id"], ""),
        damaged=bool(entry.get("error")),
    )
