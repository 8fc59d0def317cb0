"""The project needs an extension that this database lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import quoted
from pgwright.config import Project
from pgwright.migrate.revisions.graph import Revisions
from pgwright.model.finding import Finding, Severity
from pgwright.pg.extensions import PRELOADED, package_for

_CREATE = re.compile(
    r"""create\s+extension\s+(?:if\s+not\s+exists\s+)?\\?["']?([A-Za-z][\w-]*)""", re.IGNORECASE
)
_OPERATION = re.compile(r"""\bCreateExtension\(\s*(?:name\s*=\s*)?["']([\w-]+)["']""")
_DJANGO: Mapping[str, str] = MappingProxyType(
    {
        "BloomExtension": "bloom",
        "BtreeGinExtension": "btree_gin",
        "BtreeGistExtension": "btree_gist",
        "CITextExtension": "citext",
        "CryptoExtension": "pgcrypto",
        "HStoreExtension": "hstore",
        "TrigramExtension": "pg_trgm",
        "UnaccentExtension": "unaccent",
    }
)


def needed(text: str) -> set[str]:
    """Return the extensions that a migration or SQL script creates."""
    found = {name.lower() for name in (*_CREATE.findall(text), *_OPERATION.findall(text))}
    return found | {name for operation, name in _DJANGO.items() if f"{operation}(" in text}


def _needs(situation: Situation) -> Mapping[str, str]:
    """Return each extension that the project needs, with the file that creates it."""
    project = situation.project
    if project is None:
        return {}
    pending = {revision.path for revision in situation.migrations.pending} if situation.migrations else set()
    found: dict[str, str] = {}
    for path in _files(project, situation.revisions):
        for name in needed(path.read_text(encoding="utf-8", errors="replace")):
            # What a pending migration creates is missing by right, unless the server cannot create it.
            found.setdefault(name, "pending" if path in pending else str(path))
    return found


def _files(project: Project, files: Revisions | None) -> Iterable[Path]:
    if (project.models or "").startswith("file:"):
        path = project.root / (project.models or "").removeprefix("file:")
        if path.is_file():
            yield path
    for revision in files.by_id.values() if files else ():
        # Others' migrations (django.contrib) are not what this project decides.
        if revision.path.is_relative_to(project.root):
            yield revision.path


def _evaluate(rows: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    known = {row["name"]: row for row in rows}
    for name, place in sorted(_needs(situation).items()):
        row = known.get(name)
        if row is not None and row["installed_version"]:
            continue
        if row is None or not row["available_version"]:
            package = package_for(name, situation.server.major)
            preload = f", add {name} to shared_preload_libraries and restart it" if name in PRELOADED else ""
            yield CHECK.finding(
                name,
                f"the server has no extension {name}, which the project creates",
                severity=Severity.CRITICAL,
                hint=f"on the server's machine install {package}{preload}; "
                f"then: CREATE EXTENSION IF NOT EXISTS {quoted(name)};",
                needed_by=place,
            )
        elif place != "pending":
            yield CHECK.finding(
                name,
                f"extension {name}, which the project needs, is not created in this database",
                severity=Severity.WARNING,
                hint=f"CREATE EXTENSION IF NOT EXISTS {quoted(name)};",
                needed_by=place,
                available_version=row["available_version"],
            )


def _applies(situation: Situation) -> bool:
    project = situation.project
    return project is not None and bool(project.migrations or (project.models or "").startswith("file:"))


CHECK = Check(
    id="extension_missing",
    title="an extension that the project needs is missing",
    scope=Scope.PROJECT,
    severity=Severity.CRITICAL,
    query="pgwright.observe:extensions",
    applies=_applies,
    evaluate=_evaluate,
)
