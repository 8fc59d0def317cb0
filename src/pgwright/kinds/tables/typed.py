"""Tables OF a composite type, whose columns are the type's attributes, in its order."""

from __future__ import annotations

from pgwright.kinds.contract import Context
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change


def in_order_of_type(change: Change, context: Context) -> bool:
    """Tell whether the columns of a table that comes to be of a type will stand in the type's order.

    Those that stay keep their places; new ones come behind them, by name.
    """
    if "of_type" not in change.fields or getattr(change.after, "of_type", None) is None:
        return True
    wanted = sorted(context.after.children(change.id, "column"), key=_position)
    before = context.before.children(change.id, "column")
    kept = sorted((o for o in before if o.id in context.after and o.id not in context.created), key=_position)
    added = sorted((o.id for o in wanted if o.id in context.created), key=lambda id: id.name)
    return [o.id for o in wanted] == [*(o.id for o in kept), *added]


def _position(o: CatalogObject) -> int:
    return getattr(o, "position", 0)
