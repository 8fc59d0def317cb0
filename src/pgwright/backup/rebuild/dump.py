"""What a dump is, from its archives alone and from the database that comes back when it is restored."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from pgwright.backup.contents import inventory
from pgwright.backup.contents.archive import Entry, parse
from pgwright.backup.create import dump
from pgwright.backup.drill.dump import placed
from pgwright.backup.drill.trial import DrillOptions
from pgwright.backup.programs import newest_programs
from pgwright.backup.repository.manifest import Content, DatabaseFacts, Manifest, Role, StoredFile, TableFacts
from pgwright.backup.repository.repository import Repository
from pgwright.backup.restore.load import archive_sql, listing
from pgwright.errors import BackupDamaged

Progress = Callable[[str, int, int], None]

_HEAD = 1 << 16  # bytes in which the first lines of a script stand
_END = b"-- PostgreSQL database dump complete"
_VERSION = r"{}:? (\d+)\.(\d+)"
_SETTING = re.compile(r"^ALTER DATABASE .+ SET \"?([\w.]+)\"? TO (.+);$", re.MULTILINE)


def rebuilt_dump(
    repository: Repository, bare: Manifest, options: DrillOptions, progress: Progress | None
) -> tuple[Manifest, list[str]]:
    """Return the manifest of a dump, of which only the files are known, and remarks about it.

    Raises `BackupDamaged` where a file of it must be missing, and the errors of a restore.
    """
    archives = bare.of(Role.WHOLE) + bare.of(Role.SCHEMA) + bare.of(Role.DATA)
    listings = {file.name: listing(newest_programs(0), repository.read(bare.id, file)) for file in archives}
    entries = [entry for text in listings.values() for entry in parse(text)]
    scripts = [_script(repository, bare, file) for file in bare.of(Role.SQL)]
    head = "\n".join((*listings.values(), *scripts))
    version, program = (re.search(_VERSION.format(f"Dumped {by}"), head) for by in _BY)
    if version is None or program is None:
        raise BackupDamaged(f"{bare.id} lacks the file that says what it is", detail="nothing was changed")
    content = _content(bare, entries)
    form = dump.PLAIN if scripts else dump.CUSTOM if bare.of(Role.WHOLE) else dump.PARALLEL
    facts = _created(repository, bare, head)
    made = replace(
        bare,
        form=form,
        content=content,
        server_version=int(version[1]) * 10000 + int(version[2]),
        program=f"{program[1]}.{program[2]}",
        databases=(facts,),
        files=tuple(replace(file, database=_database_of(file, facts.name)) for file in bare.files),
    )
    with placed(repository, made, options, progress) as (url, _), inventory.snapshot(url) as taken:
        found = inventory.tables(taken)
        tables = (
            tuple(table.facts for table in found)
            if content is Content.SCHEMA
            else inventory.counted(taken, found, progress)
        )
        here = inventory.database_facts(taken)
    if archives and content is Content.ALL:
        _require_rows(bare, entries, tables)
    notes = []
    if not bare.of(Role.CATALOG):
        notes.append("whether it is of the whole database is not known: it counts as one of these tables")
    if content is Content.SCHEMA:
        notes.append("it holds no rows: if there were any, their files are lost as well")
    if scripts:
        notes.append("the collation of the database is not known: plain SQL does not tell it")
    names = ("name", "encoding", "collation", "character_type", "provider", "locale", "settings", "owner")
    kept = {name: getattr(facts, name) for name in names}
    chosen = () if bare.of(Role.CATALOG) else tuple(str(table) for table in tables)
    return replace(made, databases=(replace(here, **kept, tables=tables),), tables=chosen), notes


_BY = ("from database version", "by pg_dump version")


def _script(repository: Repository, bare: Manifest, file: StoredFile) -> str:
    """Return the first lines of a script. Raises `BackupDamaged` where its last one is not there."""
    head = tail = b""
    for chunk in repository.read(bare.id, file):
        head += chunk[: _HEAD - len(head)]
        tail = (tail + chunk)[-4096:]
    if _END not in tail:
        raise BackupDamaged(f"{file.name} of backup {bare.id} ends too early", detail="nothing was changed")
    return head.decode(errors="replace")


def _content(bare: Manifest, entries: Iterable[Entry]) -> Content:
    """Return which half it holds. Raises `BackupDamaged` where a file of it must be missing."""
    kinds = {entry.kind for entry in entries}
    has_rows = bool(bare.of(Role.DATA) or bare.of(Role.SQL) or "TABLE DATA" in kinds)
    has_tables = bool(bare.of(Role.SCHEMA) or bare.of(Role.SQL) or "TABLE" in kinds)
    if has_rows and not has_tables:
        raise BackupDamaged(
            f"{bare.id} holds rows without the tables that they belong to",
            detail="it was made so, or the file with the schema is lost too; nothing was changed",
            hint="with the key, PostgreSQL's own programs read it: see 'Without pgwright' in docs/backup.md",
        )
    return Content.ALL if has_rows or not has_tables else Content.SCHEMA


def _created(repository: Repository, bare: Manifest, head: str) -> DatabaseFacts:
    """Return what the database was created with: archives hold the statement, scripts do not."""
    name = re.search(r"^; +dbname: (.+)$", head, re.MULTILINE)
    encoding = re.search(r"^SET client_encoding = '(.+)';$", head, re.MULTILINE)
    words: dict[str, str] = {}
    text = ""
    for file in (*bare.of(Role.WHOLE), *bare.of(Role.SCHEMA))[:1]:
        options = ("--create", "--section=pre-data")
        flow = archive_sql(newest_programs(0), repository.read(bare.id, file), options, major=99)
        text = b"".join(flow).decode(errors="replace")
        if created := re.search(r"^CREATE DATABASE .+? WITH TEMPLATE = template0 (.+);$", text, re.MULTILINE):
            words = dict(re.findall(r"(\w+) = '?([^' ]*)'?", created[1]))
    owner = re.search(r'^ALTER DATABASE .+ OWNER TO "?(.+?)"?;$', text, re.MULTILINE)
    locale = words.get("LOCALE", "C")
    (script,) = (file.name for file in bare.of(Role.SQL)) if bare.of(Role.SQL) else ("",)
    return DatabaseFacts(
        name=name[1] if name else script.partition(".sql")[0],
        encoding=words.get("ENCODING") or (encoding[1] if encoding else "UTF8"),
        collation=words.get("LC_COLLATE", locale),
        character_type=words.get("LC_CTYPE", locale),
        owner=owner[1] if owner else "",
        provider=words.get("LOCALE_PROVIDER", "libc")[0].replace("l", "c"),
        locale=words.get("BUILTIN_LOCALE") or words.get("ICU_LOCALE"),
        settings=tuple(_settings(text)),
    )


def _settings(text: str) -> Iterator[str]:
    for key, value in _SETTING.findall(text):
        items = re.findall(r"'((?:[^']|'')*)'", value)
        yield f"{key}={', '.join(item.replace(chr(39) * 2, chr(39)) for item in items) if items else value}"


def _database_of(file: StoredFile, name: str) -> str | None:
    return None if file.role in (Role.GLOBALS, Role.CATALOG) else name


def _require_rows(bare: Manifest, entries: Iterable[Entry], tables: Iterable[TableFacts]) -> None:
    """Raise `BackupDamaged` where the rows of a table are in none of the archives: one of them is lost."""
    data = [(entry.schema, entry.rest) for entry in entries if entry.kind == "TABLE DATA"]
    missing = [
        str(table)
        for table in tables
        if not any(schema == table.schema and rest.startswith(f"{table.name} ") for schema, rest in data)
    ]
    if missing:
        raise BackupDamaged(
            f"a file of {bare.id} is lost as well: no archive holds the rows of {', '.join(missing[:5])}",
            detail="nothing was changed",
            hint="with the key, PostgreSQL's own programs read the rest: see docs/backup.md",
        )
