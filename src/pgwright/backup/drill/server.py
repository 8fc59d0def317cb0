"""Recover a whole server for a drill: compare it where its backup ends, then lead it on through the WAL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pgwright.backup import task
from pgwright.backup.contents.inventory import counted, snapshot, tables
from pgwright.backup.contents.structure import databases
from pgwright.backup.corruption import examine_database
from pgwright.backup.drill.trial import SERVER, DrillOptions, Trial, compared
from pgwright.backup.recover.plan import Target, plan_recovery
from pgwright.backup.recover.recover import Look, Source, build
from pgwright.backup.recover.unpack import Planned
from pgwright.backup.repository.manifest import Manifest
from pgwright.backup.repository.repository import Repository
from pgwright.backup.restore.load import Progress
from pgwright.errors import ExtensionMissingError
from pgwright.pg.address import parse_address
from pgwright.pg.connect import connect


@contextmanager
def recovered_base(
    repository: Repository, backup: Manifest, options: DrillOptions, progress: Progress | None
) -> Iterator[Trial]:
    """Recover a base backup; its databases are compared with what the backup says they were when it ended."""
    problems: list[str] = []
    notes = [] if backup.databases else ["the backup keeps no structure to compare with"]

    def look(url: str) -> None:
        known = {facts.name: facts for facts in backup.databases}
        with connect(url, autocommit=True) as conn:
            names = databases(conn)
        for name in names:
            if name not in known:
                notes.append(f"{name} is not compared: it changed during the backup, or could not be read")
                continue
            place = parse_address(url).with_database(name).text
            found = compared(repository, backup, known[name], place, options)
            problems.extend(f"{name}: {problem}" for problem in found)
        problems.extend(f"{name} is missing" for name in known if name not in names)

    source = Planned(repository=repository, plan=plan_recovery(repository, Target(), backup=backup.id))
    with _recovered(source, options, look if backup.databases else None, progress) as trial:
        yield replace(trial, problems=(*problems, *trial.problems), notes=(*notes, *trial.notes))


@contextmanager
def recovered_source(source: Source, options: DrillOptions, progress: Progress | None) -> Iterator[Trial]:
    """Recover from another program's backups, which say nothing to compare with."""
    with _recovered(source, options, None, progress) as trial:
        yield trial


@contextmanager
def _recovered(
    source: Source, options: DrillOptions, look: Look | None, progress: Progress | None
) -> Iterator[Trial]:
    """Recover as far as the archived WAL goes, count what all databases hold, and read it for damage."""
    looked = 0.0

    def timed(url: str) -> None:
        nonlocal looked
        assert look is not None
        began = time.monotonic()
        look(url)
        looked = time.monotonic() - began

    began = time.monotonic()
    with task.temporary(SERVER, options.home) as name:
        done = build(source, name=name, home=options.home, look=timed if look else None, progress=progress)
        seconds = time.monotonic() - began - looked
        rows = count = 0
        problems, notes = [], []
        for database in done.databases:
            url = parse_address(done.url).with_database(database).text
            with snapshot(url) as taken:
                facts = counted(taken, tables(taken))
            rows += sum(table.rows or 0 for table in facts)
            count += len(facts)
            try:
                damages = examine_database(url, install=True).damages
            except ExtensionMissingError as error:
                notes.append(f"{database} was not read for damage: {error.message}")
                continue
            problems += [f"{database}: {damage.kind} {damage.name}: {damage.words}" for damage in damages]
        asked = options.database
        if asked is not None and asked not in done.databases:
            problems.append(f"there is no database {asked}")
            asked = None
        url = parse_address(done.url).with_database(asked or "postgres").text
        yield Trial(
            url=url, seconds=seconds, rows=rows, tables=count, problems=tuple(problems), notes=tuple(notes)
        )
