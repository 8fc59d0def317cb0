"""Migration operations for tables over time, written by ``manage.py makepolicies`` or by hand.

Each works within the migration's transaction, reverses, and does nothing on databases other than PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import psycopg
from django.db import DatabaseError, transaction
from django.db.migrations.operations.base import Operation
from django.db.migrations.serializer import BaseSerializer, serializer_factory
from django.db.migrations.writer import MigrationWriter
from psycopg import sql

from pgwright.errors import PolicyError
from pgwright.model.names import QualifiedName
from pgwright.model.policy import Compress, Join, Policy, Retain, Rollup, TimeSeries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper

__all__ = [
    "AddCompression",
    "AddRetention",
    "AlterPolicy",
    "Compress",
    "CreateHypertable",
    "CreateRollup",
    "FollowRenames",
    "Join",
    "RemovePolicy",
    "Retain",
    "Rollup",
    "TimeSeries",
]


class PolicyOperation(Operation):
    """Make policies of one model's table hold, or end; `changes` says which."""

    reduces_to_sql = False
    reversible = True
    model_name: str

    def changes(self) -> tuple[tuple[Policy, bool], ...]:
        """Return policies, each with whether it ends here; the way back is the same in reverse."""
        raise NotImplementedError

    def way_back(self) -> tuple[tuple[Policy, bool], ...]:
        """Return what takes the changes back."""
        return tuple((policy, not gone) for policy, gone in reversed(self.changes()))

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Leave the models as they are: a policy is no part of them."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Carry the changes out."""
        self._run(app_label, schema_editor, to_state, self.changes())

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Take them back."""
        self._run(app_label, schema_editor, to_state, self.way_back())

    def _run(
        self,
        app_label: str,
        schema_editor: Any,
        state: Any,
        changes: Iterable[tuple[Policy, bool]],
        under: Sequence[tuple[str, str]] = (),
    ) -> None:
        model = state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            table = model._meta.db_table
            found = [(table, policy, gone) for policy, gone in changes]
            carry_out(schema_editor.connection, found, [(table, old, new) for old, new in under])


class _Declaring(PolicyOperation):
    def __init__(self, model_name: str, policy: Policy) -> None:
        self.model_name = model_name
        self.policy = policy

    def changes(self) -> tuple[tuple[Policy, bool], ...]:
        return ((self.policy, False),)


class CreateHypertable(_Declaring):
    """Make the model's table a hypertable, or on plain PostgreSQL give it partitions."""

    def describe(self) -> str:
        """Say what the operation does."""
        return f"Keep {self.model_name} as a time series"

    @property
    def migration_name_fragment(self) -> str:
        """Return a part of the migration's name."""
        return f"{self.model_name.lower()}_time_series"


class AddCompression(_Declaring):
    """Compress old chunks of the model's table, where the server can."""

    def describe(self) -> str:
        """Say what the operation does."""
        return f"Compress old rows of {self.model_name}"


class AddRetention(_Declaring):
    """Retire old rows of the model's table."""

    def describe(self) -> str:
        """Say what the operation does."""
        return f"Retire old rows of {self.model_name}"


class CreateRollup(_Declaring):
    """Keep a table of aggregates of the model's rows; ``managed = False`` maps it to a model of its own."""

    def describe(self) -> str:
        """Say what the operation does."""
        return f"Add up rows of {self.model_name} in {self.policy.name}"


class AlterPolicy(PolicyOperation):
    """Put another policy in the place of one of the same kind."""

    def __init__(self, model_name: str, old: Policy, new: Policy) -> None:
        self.model_name = model_name
        self.old = old
        self.new = new

    def changes(self) -> tuple[tuple[Policy, bool], ...]:
        """Return the new policy; it replaces the old one in place."""
        return ((self.new, False),)

    def way_back(self) -> tuple[tuple[Policy, bool], ...]:
        """Return the old policy."""
        return ((self.old, False),)

    def describe(self) -> str:
        """Say what the operation does."""
        return f"Change the {_called(self.new)} of {self.model_name}"


class FollowRenames(PolicyOperation):
    """Put policies in the place of those that name columns of the model's table by former names, or end them.

    `renames` are the old and new names of columns, in the order in which earlier operations renamed them. On
    the way back those are still to come: the table has the old names while the old policies are made to hold
    again, so that they are true once the columns are called so for good.
    """

    def __init__(
        self,
        model_name: str,
        renames: Sequence[tuple[str, str]],
        old: Sequence[Policy],
        new: Sequence[Policy],
    ) -> None:
        self.model_name = model_name
        self.renames = renames
        self.old = old
        self.new = new

    def changes(self) -> tuple[tuple[Policy, bool], ...]:
        """Return the new policies, and the old ones in whose place there is none, which end."""
        return _in_place_of(self.old, self.new)

    def way_back(self) -> tuple[tuple[Policy, bool], ...]:
        """Return the old policies."""
        return _in_place_of(self.new, self.old)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Make the old policies hold under the names that the columns are about to have again."""
        self._run(app_label, schema_editor, to_state, self.way_back(), self.renames)

    def describe(self) -> str:
        """Say what the operation does."""
        changed = ", ".join(f"the {_called(policy)}" for policy in self.new)
        ended = ", ".join(f"the {_called(policy)}" for policy, gone in self.changes() if gone)
        does = " and ".join(filter(None, [changed and f"change {changed}", ended and f"end {ended}"]))
        renamed = ", ".join(f"{old} to {new}" for old, new in self.renames)
        return f"{does[0].upper()}{does[1:]} of {self.model_name}, which renamed {renamed}"


def _in_place_of(old: Sequence[Policy], new: Sequence[Policy]) -> tuple[tuple[Policy, bool], ...]:
    stays = {(policy.kind, policy.name) for policy in new}
    ended = tuple((policy, True) for policy in old if (policy.kind, policy.name) not in stays)
    return (*ended, *((policy, False) for policy in new))


def _called(policy: Policy) -> str:
    """Return what a policy is called; a table has many rollups."""
    kind = policy.kind.replace("_", " ")
    return kind if policy.name == policy.kind else f"{kind} {policy.name}"


class RemovePolicy(PolicyOperation):
    """End a policy of the model's table."""

    def __init__(self, model_name: str, policy: Policy) -> None:
        self.model_name = model_name
        self.policy = policy

    def changes(self) -> tuple[tuple[Policy, bool], ...]:
        """Return the policy, which ends."""
        return ((self.policy, True),)

    def describe(self) -> str:
        """Say what the operation does."""
        return f"End the {_called(self.policy)} of {self.model_name}"


OPERATIONS: dict[str, type[_Declaring]] = {
    TimeSeries.kind: CreateHypertable,
    Compress.kind: AddCompression,
    Retain.kind: AddRetention,
    Rollup.kind: CreateRollup,
}


def carry_out(
    connection: BaseDatabaseWrapper,
    changes: Iterable[tuple[str, Policy, bool]],
    renames: Sequence[tuple[str, str, str]] = (),
) -> None:
    """Make changes of policies hold over a Django connection; elsewhere than PostgreSQL do nothing.

    A change is a table, a policy, and whether that ends. `renames` are columns of tables, with the names that
    they have while the changes are made, and those that they keep. Raises `PolicyError` for what the table or
    the server cannot bear.
    """
    if connection.vendor != "postgresql":
        return
    # Every command of the project loads this module, and hardly any gets here.
    from pgwright.timeseries.declare import Edit, declare, spoken

    connection.ensure_connection()
    with _driver(connection) as conn:
        row = conn.execute("SELECT current_schema()::text").fetchone()
        schema = row[0] if row else "public"
        edits = [
            Edit(
                table=QualifiedName(schema, getattr(policy, "of", "") or table),
                policy=policy,
                gone=gone,
            )
            for table, policy, gone in changes
        ]
        if not edits:
            return
        # `pgwright migrate` leaves the means to follow a connection there.
        followed = getattr(connection, "pgwright", None)
        whole = followed.whole(connection, spoken(edits)) if followed else nullcontext(True)
        with transaction.atomic(using=connection.alias), whole as is_due:
            if is_due:
                for table, old, new in reversed(renames):
                    _run(connection, _renaming(QualifiedName(schema, table), new, old))
                declare(conn, edits, run=lambda text: _run(connection, text))
                for table, old, new in renames:
                    _run(connection, _renaming(QualifiedName(schema, table), old, new))


def _renaming(table: QualifiedName, old: str, new: str) -> str:
    from pgwright.pg.quoting import Name, qualified, render

    text = sql.SQL("ALTER TABLE {} RENAME COLUMN {} TO {}")
    return render(text.format(qualified(table), Name(old), Name(new)))


def _run(connection: BaseDatabaseWrapper, statement: str) -> None:
    """Run a statement letter for letter, seen by Django's execute wrappers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as exc:
        if not isinstance(exc.__cause__, psycopg.Error):
            raise
        # The driver's error is the cause of Django's: the two must not name each other.
        raise exc.__cause__ from None


@contextmanager
def _driver(connection: BaseDatabaseWrapper) -> Iterator[psycopg.Connection[Any]]:
    """Give psycopg's own connection, with psycopg's own cursors: Django's bind parameters in the client."""
    conn: Any = connection.connection
    if not isinstance(conn, psycopg.Connection):
        raise PolicyError(
            "policies need psycopg 3, and this connection uses another driver",
            detail="nothing was changed",
            hint="pip install 'psycopg[binary]'; Django prefers it over psycopg2",
        )
    before = conn.cursor_factory
    conn.cursor_factory = psycopg.Cursor
    try:
        yield conn
    finally:
        conn.cursor_factory = before


class _PolicySerializer(BaseSerializer):
    """Write a policy into a migration as the call that makes it."""

    def serialize(self) -> tuple[str, set[str]]:
        imports = {f"import {__name__}"}
        arguments = []
        for name, value in self.value.arguments().items():
            text, more = serializer_factory(value).serialize()
            imports |= set(more)
            arguments.append(f"{name}={text}")
        return f"{__name__}.{type(self.value).__name__}({', '.join(arguments)})", imports


MigrationWriter.register_serializer(Policy, _PolicySerializer)
