"""What an app declares beside its models, in a module `declarations` with a tuple ``DECLARATIONS``."""

from pgwright.sources.declarations import (
    Declaration,
    Function,
    Grant,
    MaterializedView,
    RowPolicy,
    Statement,
    Trigger,
    View,
)

__all__ = [
    "Declaration",
    "Function",
    "Grant",
    "MaterializedView",
    "RowPolicy",
    "Statement",
    "Trigger",
    "View",
]

# As an app, pgwright itself declares nothing.
DECLARATIONS: tuple[Declaration, ...] = ()
