"""What kind of statement a migration is about to run, as far as running it needs to know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_BLANK = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)+", re.DOTALL)
_NAME = r'((?:"(?:[^"]|"")+"|[\w$]+)(?:\s*\.\s*(?:"(?:[^"]|"")+"|[\w$]+))?)'
_BUILD = re.compile(
    rf"CREATE (?:UNIQUE )?INDEX CONCURRENTLY (?:IF NOT EXISTS )?(?:{_NAME} )?ON (?:ONLY )?{_NAME}",
    re.IGNORECASE,
)
_DROP = re.compile(rf"DROP INDEX CONCURRENTLY (?:IF EXISTS )?{_NAME}", re.IGNORECASE)
# What PostgreSQL refuses inside a transaction block.
_ALONE = re.compile(
    r"(?:CREATE (?:UNIQUE )?INDEX CONCURRENTLY|DROP INDEX CONCURRENTLY|REINDEX\b.*\bCONCURRENTLY"
    r"|REINDEX (?:\([^)]*\) )?(?:DATABASE|SYSTEM|SCHEMA)\b|VACUUM\b|CLUSTER ?$|ALTER SYSTEM\b"
    r"|(?:CREATE|DROP|ALTER) (?:DATABASE|TABLESPACE|SUBSCRIPTION)\b"
    r"|ALTER TABLE\b.*\bDETACH PARTITION\b.*\bCONCURRENTLY|CALL\b|DO\b)",
    re.IGNORECASE,
)
_WAITS_FOR_SNAPSHOTS = re.compile(r"(?:CREATE|DROP|REINDEX|ALTER TABLE)\b.*\bCONCURRENTLY\b", re.IGNORECASE)
_READS = re.compile(
    r"(?:SELECT|SHOW|EXPLAIN|SET|RESET|VALUES|TABLE|SAVEPOINT|RELEASE|ROLLBACK)\b", re.IGNORECASE
)
_CHANGES_ROWS = re.compile(r"(?:INSERT|UPDATE|DELETE|MERGE|WITH|COPY)\b", re.IGNORECASE)


class Form(StrEnum):
    """Name how a statement ends: with its transaction, by itself, or without a change."""

    TRANSACTIONAL = "transactional"
    ALONE = "alone"
    READS = "reads"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Describe a statement; `builds` and `drops` are the index of a concurrent build or drop, as written.

    `table` is that of such a build, which may leave the name to the server. `waits` says that it waits for
    older transactions, so that a lock timeout of seconds would end it.
    """

    form: Form
    waits: bool = False
    changes_rows: bool = False
    builds: str | None = None
    drops: str | None = None
    table: str | None = None

    @property
    def builds_unnamed(self) -> bool:
        """Tell whether it builds an index concurrently and leaves the name to the server."""
        return self.table is not None and self.builds is None


def classify(text: str) -> Statement:
    """Return what kind of statement a text is, judged by its first words."""
    flat = _BLANK.sub(" ", text).strip()
    if _READS.match(flat):
        return Statement(form=Form.READS)
    built, dropped = _BUILD.match(flat), _DROP.match(flat)
    return Statement(
        form=Form.ALONE if _ALONE.match(flat) else Form.TRANSACTIONAL,
        waits=_WAITS_FOR_SNAPSHOTS.match(flat) is not None,
        changes_rows=_CHANGES_ROWS.match(flat) is not None,
        builds=built[1] if built else None,
        drops=dropped[1] if dropped else None,
        table=built[2] if built else None,
    )
