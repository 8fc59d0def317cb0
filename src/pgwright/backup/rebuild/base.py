"""What a base backup is, from the files of the server that it holds."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path

from pgwright.backup.contents.tarwatch import TarWatch
from pgwright.backup.create.base import KEPT_SETTINGS, LABEL, SERVER_MANIFEST, end_of
from pgwright.backup.pgbackrest.source import CONTROL
from pgwright.backup.programs import newest_programs
from pgwright.backup.recover.recover import server_programs
from pgwright.backup.repository.manifest import Kind, Manifest, Role
from pgwright.backup.repository.repository import Repository
from pgwright.backup.repository.streams import output_of
from pgwright.errors import BackupDamaged, UnsupportedServerError

_VERSION, _CONTROL = "PG_VERSION", "global/pg_control"
_CONFIGURED = ("postgresql.conf", "postgresql.auto.conf")  # the second wins


def rebuilt_base(repository: Repository, bare: Manifest) -> Manifest:
    """Return the manifest of a base backup of which only the files are known.

    Raises `BackupDamaged` where PostgreSQL's own files do not tell where it ends, or what it builds on is
    not there.
    """
    (base,) = bare.of(Role.BASE)
    watch = TarWatch((LABEL, SERVER_MANIFEST, _VERSION, _CONTROL, *_CONFIGURED))
    for _ in watch.passing(repository.read(bare.id, base)):
        pass
    end = end_of(watch.found)
    if end is None or _VERSION not in watch.found or _CONTROL not in watch.found:
        raise BackupDamaged(
            f"base backup {bare.id} does not say where it ends",
            detail="PostgreSQL 12 writes no manifest, or the file is not whole; nothing was changed",
        )
    version = int(watch.found[_VERSION]) * 10000
    control = _control_data(watch.found[_CONTROL], version // 10000)
    system = control["Database system identifier"]
    below = re.search(rb"^INCREMENTAL FROM LSN: (\S+)$", watch.found[LABEL], re.MULTILINE)
    parent = _parent(repository, bare, system, below[1].decode()) if below else None
    return replace(
        bare,
        kind=Kind.INCREMENTAL if parent else Kind.BASE,
        form="tar",
        server_version=version,
        program=f"{version // 10000}",
        system=system,
        lsn=end.start,
        end_lsn=end.lsn,
        timeline=end.timeline,
        parent=parent,
        settings={**_settings(watch.found), **_controlled(control)},
    )


def _control_data(content: bytes, major: int) -> dict[str, str]:
    try:
        programs = server_programs(major)
    except UnsupportedServerError:
        programs = newest_programs(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _CONTROL
        path.parent.mkdir()
        path.write_bytes(content)
        said = output_of([programs.program("pg_controldata"), folder], environment=programs.environment())
        text = b"".join(said).decode()
    return dict(re.findall(r"^([^:]+): +(.+)$", text, re.MULTILINE))


def _controlled(control: dict[str, str]) -> dict[str, str]:
    """Return the settings that pg_control holds."""
    found = {mine: control[f"{theirs} setting"] for theirs, mine in CONTROL.items()}
    segment = int(control["Bytes per WAL segment"]) >> 20
    commits = control["track_commit_timestamp setting"]
    return {**found, "wal_segment_size": f"{segment}MB", "track_commit_timestamp": commits}


def _settings(found: dict[str, bytes]) -> dict[str, str]:
    """Return those of the settings that a recovery needs which stand in the server's own files."""
    lines = "\n".join(found.get(name, b"").decode(errors="replace") for name in _CONFIGURED)
    pairs = re.findall(r"^\s*(\w+)\s*=?\s*'?([^'#\n]*?)'?\s*(?:#.*)?$", lines, re.MULTILINE)
    return {"shared_preload_libraries": "", **{key: text for key, text in pairs if key in KEPT_SETTINGS}}


def _parent(repository: Repository, bare: Manifest, system: str, lsn: str) -> str:
    for made in repository.backups():
        if made.is_physical and made.system == system and made.lsn == lsn:
            return made.id
    raise BackupDamaged(
        f"what the incremental backup {bare.id} builds on is not there",
        detail=f"no base backup of that server begins at {lsn}; nothing was changed",
        hint="where its manifest is lost too, repair that one first: pgwright backup list",
    )
