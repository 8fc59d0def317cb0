"""A catalog as one readable SQL script that loads into an empty database, and again without harm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pgwright.diff.build import creation_plan
from pgwright.diff.unread import named
from pgwright.model.catalog import Catalog, Unhandled
from pgwright.model.plan import Plan, Step

# What these statements say, with the words that let them run again.
_REPEATABLE = (
    ("CREATE SCHEMA IF NOT EXISTS ", "CREATE SCHEMA IF NOT EXISTS "),
    ("CREATE SCHEMA ", "CREATE SCHEMA IF NOT EXISTS "),
    ("DROP SCHEMA ", "DROP SCHEMA IF EXISTS "),
    ("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS "),
    ("CREATE UNLOGGED TABLE ", "CREATE UNLOGGED TABLE IF NOT EXISTS "),
    ("CREATE FOREIGN TABLE ", "CREATE FOREIGN TABLE IF NOT EXISTS "),
    ("CREATE SEQUENCE ", "CREATE SEQUENCE IF NOT EXISTS "),
    ("CREATE UNLOGGED SEQUENCE ", "CREATE UNLOGGED SEQUENCE IF NOT EXISTS "),
    ("CREATE INDEX ", "CREATE INDEX IF NOT EXISTS "),
    ("CREATE UNIQUE INDEX ", "CREATE UNIQUE INDEX IF NOT EXISTS "),
    ("CREATE VIEW ", "CREATE OR REPLACE VIEW "),
    ("CREATE MATERIALIZED VIEW ", "CREATE MATERIALIZED VIEW IF NOT EXISTS "),
    ("CREATE STATISTICS ", "CREATE STATISTICS IF NOT EXISTS "),
    ("CREATE COLLATION ", "CREATE COLLATION IF NOT EXISTS "),
    ("CREATE SERVER ", "CREATE SERVER IF NOT EXISTS "),
)

# These have no such words: what is there already is left as it is.
_GUARDED = (
    "CREATE TYPE ",
    "CREATE DOMAIN ",
    "CREATE TRIGGER ",
    "CREATE CONSTRAINT TRIGGER ",
    "CREATE POLICY ",
    "CREATE RULE ",
    "CREATE CAST ",
    "CREATE OPERATOR ",
    "CREATE AGGREGATE ",
    "CREATE EVENT TRIGGER ",
    "CREATE PUBLICATION ",
    "CREATE TEXT SEARCH ",
    "ALTER TEXT SEARCH CONFIGURATION ",
)
_GUARDED_ADDITIONS = (
    ("ALTER TABLE ", " ADD CONSTRAINT "),
    ("ALTER DOMAIN ", " ADD CONSTRAINT "),
    ("ALTER TYPE ", " ADD ATTRIBUTE "),
    ("ALTER OPERATOR FAMILY ", " ADD\n"),
    ("ALTER FOREIGN TABLE ", " OPTIONS ("),
)
_TAKEN = (
    "duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function "
    "OR invalid_table_definition "
    # What the catalog itself refuses: a second text search configuration or mapping of one name.
    "OR unique_violation"
)


def script(catalog: Catalog, present: Catalog | None = None) -> str:
    """Return SQL that makes everything in the catalog, in the order of its dependencies.

    What is `present` in every new database is left out. Equal catalogs give equal text: no time, no
    host, no version of pgwright stands in it. It loads with ``psql -v ON_ERROR_STOP=1 -f``, and a second
    time without an error or a change.
    """
    return "\n".join(_lines(creation_plan(catalog, present), catalog.unhandled))


def plan_script(plan: Plan) -> str:
    """Return the statements of a plan as SQL for review: locks, rewrites and hazards stand above each."""
    return "\n".join(line for step in plan.steps for line in _annotated(step))


def _lines(plan: Plan, unread: Iterable[Unhandled]) -> Iterator[str]:
    yield "-- The complete schema; run it with: psql -v ON_ERROR_STOP=1 -f FILE"
    yield "-- It can be run again: what exists already is left as it is."
    yield from (f"-- {line}" for line in named(unread))
    yield ""
    yield "SET client_min_messages = warning;"
    yield "SET check_function_bodies = off;"
    yield ""
    for step in plan.steps:
        yield repeatable(step)
        yield ""


def repeatable(step: Step) -> str:
    """Return the statement of a creating step in a form that may run again."""
    text = step.sql
    for words, repeated in _REPEATABLE:
        if text.startswith(words):
            return repeated + text.removeprefix(words) + ";"
    if text.startswith("ALTER TABLE ") and " ADD COLUMN " in text:
        return text.replace(" ADD COLUMN ", " ADD COLUMN IF NOT EXISTS ", 1) + ";"
    if refused := _refused(text):
        tag = _tag(text)
        return f"DO {tag} BEGIN\n{text};\nEXCEPTION WHEN {refused} THEN NULL;\nEND {tag};"
    return text + ";"


def _refused(text: str) -> str:
    """Return how PostgreSQL refuses a statement the second time; empty for what may run again."""
    if text.startswith("ALTER TABLE ") and " ADD GENERATED " in text:
        return "object_not_in_prerequisite_state"  # the column is numbered already
    guarded = any(text.startswith(a) and b in text for a, b in _GUARDED_ADDITIONS)
    return _TAKEN if guarded or text.startswith(_GUARDED) else ""


def _tag(text: str) -> str:
    """Return a dollar quote that the text does not hold."""
    number, tag = 0, "$pgwright$"
    while tag in text:
        number += 1
        tag = f"$pgwright{number}$"
    return tag


def _annotated(step: Step) -> Iterator[str]:
    yield f"-- {step.id}. {step.summary}"
    if step.lock and step.locks_on:
        yield f"--    locks {', '.join(i.path for i in step.locks_on)}: {step.lock.value}"
    for path in (i.path for i in step.rewrites):
        yield f"--    rewrites {path}"
    for hazard in step.hazards:
        yield f"--    {hazard.code.value}: {hazard.message}"
    if not step.transactional:
        yield "--    runs outside a transaction"
    yield step.sql + ";"
    yield ""
