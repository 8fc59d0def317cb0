"""Operations of Django migrations that a live PostgreSQL can bear, and statements beyond Django's own.

On other databases those that have a plain form do that, and statements do nothing, so that a project's tests
may run on SQLite. All but `RunSteps` without `Alone` need ``atomic = False``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from itertools import groupby
from typing import Any, LiteralString

from django.contrib.postgres import operations as postgres
from django.db import migrations, router, transaction
from django.db.migrations.operations.base import Operation
from psycopg import sql

from pgwright.kinds.steps import default_name, short_name
from pgwright.pg.quoting import deparsed, render

POSTGRESQL = "postgresql"


def _is_postgresql(schema_editor: Any) -> bool:
    return bool(schema_editor.connection.vendor == POSTGRESQL)


class AddIndexConcurrently(postgres.AddIndexConcurrently):
    """Build an index without blocking writers."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Build it."""
        if _is_postgresql(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop it."""
        if _is_postgresql(schema_editor):
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


class RemoveIndexConcurrently(postgres.RemoveIndexConcurrently):
    """Drop an index without blocking writers."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop it."""
        if _is_postgresql(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.RemoveIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Build it again."""
        if _is_postgresql(schema_editor):
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.RemoveIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


class AddConstraintNotValid(postgres.AddConstraintNotValid):
    """Add a check constraint that existing rows need not meet yet."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Add it."""
        if _is_postgresql(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddConstraint.database_forwards(self, app_label, schema_editor, from_state, to_state)


class ValidateConstraint(postgres.ValidateConstraint):
    """Check the existing rows while reads and writes go on."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Check them."""
        if _is_postgresql(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class _Online(Operation):
    """Change a model's table in a way of its own where the database is PostgreSQL, elsewhere in Django's."""

    atomic = False
    model_name: str

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Go online, or as Django does."""
        after = to_state.apps.get_model(app_label, self.model_name)
        if _is_postgresql(schema_editor) and self.allow_migrate_model(schema_editor.connection.alias, after):
            self.go_online(schema_editor, from_state.apps.get_model(app_label, self.model_name), after)
        else:
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def go_online(self, schema_editor: Any, before: Any, after: Any) -> None:
        """Change the table of the model, which is `before` now and is to be `after`."""
        raise NotImplementedError


class AddUniqueConstraintOnline(_Online, migrations.AddConstraint):
    """Build the index of a unique constraint without blocking writers, and then make it the constraint."""

    def go_online(self, schema_editor: Any, before: Any, after: Any) -> None:
        """Build the index, and name it as the constraint's, unless Django has an index alone for it."""
        statement: Any = self.constraint.create_sql(after, schema_editor)
        if statement is None:
            # As Django does where the server has no such constraints.
            return
        _build_unique(schema_editor, after, statement)


class AddFieldOnline(_Online, migrations.AddField):
    """Add a field, its indexes concurrently and its foreign key validated afterwards."""

    def go_online(self, schema_editor: Any, before: Any, after: Any) -> None:
        """Add the bare column, then what hangs on it."""
        field = after._meta.get_field(self.name)
        bare = _bare(field)
        if field.remote_field:
            bare.db_constraint = False
        if not self.preserve_default:
            bare.default = self.field.default
        schema_editor.add_field(before, bare)
        _build_indexes(schema_editor, after, field)
        if field.unique:
            _build_unique(schema_editor, after, _unique(schema_editor, after, field))
        if field.remote_field and field.db_constraint:
            self._add_foreign_key(schema_editor, after, field)

    def _add_foreign_key(self, schema_editor: Any, model: Any, field: Any) -> None:
        statement = schema_editor._create_fk_sql(model, field, "_fk_%(to_table)s_%(to_column)s")
        statement.template += " NOT VALID"
        schema_editor.execute(statement, params=None)
        name = str(statement.parts["name"])
        schema_editor.execute(_alter(schema_editor, model, "VALIDATE CONSTRAINT {}", name), params=None)


class AlterFieldOnline(_Online, migrations.AlterField):
    """Forbid nulls in a field, or make it unique, with the long work done without blocking writers.

    Nulls are forbidden behind a validated check. The unique index is there before an older index goes.
    """

    def go_online(self, schema_editor: Any, before: Any, after: Any) -> None:
        """Put the check in place, alter the field, and take the check away."""
        old, new = copy(before._meta.get_field(self.name)), after._meta.get_field(self.name)
        becomes_unique = new.unique and not old.unique
        changed = _bare(new) if becomes_unique else copy(new)
        changed.db_column = changed.column = old.column
        if not self.preserve_default:
            changed.default = self.field.default
        if _keeps_key(old, new):
            # Django would make it anew, and look at all rows.
            old.db_constraint = changed.db_constraint = False
        if becomes_unique:
            _build_unique(schema_editor, after, _unique(schema_editor, after, new, changed))
        with self._guarded(schema_editor, after, old.column, is_needed=old.null and not new.null):
            schema_editor.alter_field(before, old, changed)
        if old.column != new.column:
            # Last: Django knows some indexes by the name that the column had when they were made.
            names = map(schema_editor.quote_name, (old.column, new.column))
            schema_editor.execute(_alter(schema_editor, after, "RENAME COLUMN {} TO {}", *names), params=None)
        if becomes_unique:
            _build_indexes(schema_editor, after, new)

    @contextmanager
    def _guarded(self, schema_editor: Any, model: Any, column: str, *, is_needed: bool) -> Iterator[None]:
        """Have a validated check while the block runs, by which the server knows that no null is there."""
        if not is_needed:
            yield
            return
        quote = schema_editor.quote_name
        guard = quote(short_name(f"pgwright_{column}_not_null"))
        action = "ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID"
        schema_editor.execute(_alter(schema_editor, model, action, guard, quote(column)), params=None)
        schema_editor.execute(_alter(schema_editor, model, "VALIDATE CONSTRAINT {}", guard), params=None)
        yield
        schema_editor.execute(_alter(schema_editor, model, "DROP CONSTRAINT {}", guard), params=None)


def _keeps_key(old: Any, new: Any) -> bool:
    """Tell whether a field's foreign key stays what it is."""
    if not all(field.remote_field and field.db_constraint for field in (old, new)):
        return False
    tables = {field.remote_field.model._meta.db_table for field in (old, new)}
    return len(tables) == 1 and old.target_field.column == new.target_field.column


def _bare(field: Any) -> Any:
    """Return a field without its indexes, as Django's schema editor understands it."""
    bare = copy(field)
    bare.db_index = False
    # A OneToOneField cannot be made without; what the public property has read before is kept beside it.
    bare._unique = False
    vars(bare).pop("unique", None)
    return bare


def _build_indexes(schema_editor: Any, model: Any, field: Any) -> None:
    """Build the indexes of a field that are no constraints."""
    for statement in schema_editor._field_indexes_sql(model, field):
        if statement.template == schema_editor.sql_create_index:
            statement.template = schema_editor.sql_create_index_concurrently
        schema_editor.execute(statement, params=None)


def _unique(schema_editor: Any, model: Any, field: Any, stands: Any = None) -> Any:
    """Return the statement of a unique field's constraint, named as where the table is made with it.

    `stands` is the field with the column's present name, where it has another one yet.
    """
    # Django lets a name carry its schema: '"app"."orders"'.
    table = model._meta.db_table.strip('"').rpartition('"."')[2]
    name = default_name(table, field.column, "key")
    return schema_editor._create_unique_sql(model, [stands or field], name)


def _build_unique(schema_editor: Any, model: Any, statement: Any) -> None:
    """Build the index of a unique constraint concurrently, and make it that one, if a constraint is meant."""
    is_constraint = statement.template == schema_editor.sql_create_unique
    statement.template = schema_editor.sql_create_unique_index.replace("INDEX", "INDEX CONCURRENTLY", 1)
    schema_editor.execute(statement, params=None)
    if is_constraint:
        name, deferrable = (str(statement.parts[part]) for part in ("name", "deferrable"))
        action = "ADD CONSTRAINT {} UNIQUE USING INDEX {}{}"
        schema_editor.execute(_alter(schema_editor, model, action, name, name, deferrable), params=None)


def _alter(schema_editor: Any, model: Any, action: LiteralString, *names: str) -> str:
    """Return an ALTER TABLE; the names are quoted by Django, whose tables may carry a schema in them."""
    table = deparsed(schema_editor.quote_name(model._meta.db_table))
    composed = sql.SQL(action).format(*map(deparsed, names))
    return render(sql.SQL("ALTER TABLE {} {}").format(table, composed))


class Alone(str):
    """Be a statement that must not share a transaction with others."""

    __slots__ = ()


class RunSteps(Operation):
    """Run SQL statements, letter for letter; `backward` is the way back.

    Neighbours share a transaction, but for those that are `Alone`.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, forward: Sequence[str], backward: Sequence[str]) -> None:
        self.forward = forward
        self.backward = backward

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return how it was made."""
        return type(self).__name__, [], {"forward": self.forward, "backward": self.backward}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Leave the models as they are."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Run the statements."""
        self._run(app_label, schema_editor, self.forward)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Run the statements of the way back."""
        self._run(app_label, schema_editor, self.backward)

    def describe(self) -> str:
        """Say what it does."""
        return "Run " + str(len(self.forward)) + " statements"

    def _run(self, app_label: str, schema_editor: Any, statements: Sequence[str]) -> None:
        alias = schema_editor.connection.alias
        if not _is_postgresql(schema_editor) or not router.allow_migrate(alias, app_label):
            return
        for alone, group in groupby(statements, key=lambda s: isinstance(s, Alone)):
            if alone or schema_editor.collect_sql:
                for statement in group:
                    schema_editor.execute(statement.strip(), params=None)
                continue
            with transaction.atomic(using=alias):
                for statement in group:
                    schema_editor.execute(statement.strip(), params=None)
