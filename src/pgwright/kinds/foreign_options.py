"""The options of foreign servers, tables and columns."""

from __future__ import annotations

from psycopg import sql

from pgwright.pg.quoting import Name, literal


def changed_options(before: tuple[str, ...], after: tuple[str, ...]) -> sql.Composed:
    """Compose what stands in OPTIONS (…) on the way from one list of ``name=value`` to the other."""
    old, new = (dict(o.partition("=")[::2] for o in options) for options in (before, after))
    actions = [sql.SQL("DROP {}").format(Name(name)) for name in old if name not in new]
    for name, value in new.items():
        if name not in old:
            # CREATE knows no verbs; ALTER takes what has none for an addition.
            actions.append(sql.SQL("{} {}").format(Name(name), literal(value)))
        elif old[name] != value:
            actions.append(sql.SQL("SET {} {}").format(Name(name), literal(value)))
    return sql.SQL(", ").join(actions)
