"""pgBackRest under the same commands, for teams that have it: its backups, its archive, its checks."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pgwright.backup.pgbackrest.stanza import Stanza
from pgwright.backup.wal.archive import Gap, gaps_between
from pgwright.backup.wal.lsn import DEFAULT_SIZE, parse_lsn, segment_at, segment_of
from pgwright.errors import BackupFailed, BackupMissing, WrongKey
from pgwright.pg.redact import redact

FULL, DIFFERENTIAL, INCREMENTAL = "full", "diff", "incr"
_UNREADABLE = 99
_STORED = re.compile(r"(?P<cluster>[^/]+)/[0-9A-F]{16}/(?P<name>[0-9A-F]{24})-[0-9a-f]{40}")


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
    """Read all backups and all WAL, and return what is wrong with them."""
    said = stanza.run("--output=text", "verify")
    wrong = re.compile(r"ERROR|(missing|checksum invalid|size invalid|other): [1-9]|status: (?!ok|valid)")
    missing = (f"WAL is missing from {gap.first} to {gap.last} ({gap.count})" for gap in gaps(stanza))
    return (*(line.strip() for line in said.splitlines() if wrong.search(line)), *missing)


def gaps(stanza: Stanza) -> tuple[Gap, ...]:
    """Return what is missing in its archive behind its oldest backup, which its own `verify` passes over."""
    oldest = next((made for made in backups(stanza) if made.wal and made.lsn), None)
    if oldest is None:
        return ()
    size = _segment_size(oldest)
    clusters: dict[str, set[str]] = {}
    for path in stanza.run("--recurse", "repo-ls", f"archive/{stanza.name}").splitlines():
        if stored := _STORED.search(path):
            clusters.setdefault(stored["cluster"], set()).add(stored["name"])
    # After an upgrade the archive of the new server stands beside that of the old one.
    current = next((names for names in clusters.values() if oldest.wal in names), set[str]())
    return gaps_between(sorted(current), size, segment_of(oldest.wal or "", size))


def _segment_size(made: Made) -> int:
    """Return the size with which the name of its first file of WAL is that of its position."""
    for size in (DEFAULT_SIZE, *(1 << power for power in range(20, 31))):
        found = segment_of(made.wal or "", size)
        if segment_at(found.timeline, parse_lsn(made.lsn or ""), size) == found:
            return size
    return DEFAULT_SIZE


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
