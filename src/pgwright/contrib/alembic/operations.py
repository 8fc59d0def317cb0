"""Operations of revisions beyond Alembic's own."""

from __future__ import annotations

from typing import Any

from alembic import op
from alembic.operations import MigrateOperation, Operations


@Operations.register_operation("run_step")
class RunStepOp(MigrateOperation):
    """Run one SQL statement, letter for letter."""

    def __init__(self, sql: str) -> None:
        self.sql = sql

    @classmethod
    def run_step(cls, operations: Operations, sql: str) -> Any:
        """Run one SQL statement as it stands; see the function of this name."""
        return operations.invoke(cls(sql))


@Operations.implementation_for(RunStepOp)
def _run(operations: Operations, operation: RunStepOp) -> None:
    context = operations.get_context()
    if context.as_sql:
        context.impl.static_output(f"{operation.sql};")
        return
    assert context.connection is not None
    # Without parameters the driver does not look for them: a % or a colon in the body of a function stays.
    context.connection.exec_driver_sql(operation.sql, execution_options={"no_parameters": True})


def run_step(sql: str) -> None:
    """Run one SQL statement in a revision, exactly as it stands.

    `op.execute` takes a colon before a word for a parameter, which the bodies of functions are full of. In
    offline mode (`alembic upgrade --sql`) the statement is written out.
    """
    op.invoke(RunStepOp(sql.strip()))
