"""Random schemas for property tests: two drawn from one pool of names share much and differ in much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[str]], str]

_TABLES = ("a", "b", "Odd Name")
_COLUMNS = ("x", "y", "order", "Ü z")
# Each type with defaults that it takes; every pair of types outside of a group needs a new column.
_TYPES = {
    "integer": ("0", "42"),
    "bigint": ("0", "(1 + 2)"),
    "numeric(10,2)": ("1.50", "0"),
    "numeric(12,2)": ("1.50",),
    "text": ("'x'", "'it''s'"),
    "varchar(20)": ("'x'",),
    "varchar(40)": ("'x'",),
    "boolean": ("true", "false"),
    "date": ("'2024-01-01'", "CURRENT_DATE"),
    "timestamptz": ("now()",),
    "jsonb": ("'{}'",),
    "integer[]": ("'{}'",),
    "mood": ("'good'",),
}


@dataclass(kw_only=True)
class _Table:
    name: str
    columns: dict[str, str]
    partitioned: bool = False
    statements: list[str] = field(default_factory=list)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@st.composite
def schemas(draw: st.DrawFn) -> str:
    """Draw the SQL of a schema."""
    moods = draw(st.lists(st.sampled_from(["good", "bad", "so so"]), min_size=1, unique=True))
    if "good" not in moods:
        moods.append("good")
    labels = ", ".join(f"'{m}'" for m in moods)
    parts = [f"CREATE TYPE mood AS ENUM ({labels});"]
    tables = [_table(draw, name) for name in draw(_some(_TABLES))]
    for table in tables:
        parts += table.statements
    for table in tables:
        parts += _foreign_keys(draw, table, tables)
        parts += _indexes(draw, table)
    parts += _views(draw, tables)
    for name in draw(_some(("s1", "s2"))):
        parts.append(f"CREATE SEQUENCE {name} INCREMENT {draw(st.integers(1, 3))};")
    return "\n".join(parts)


def _some(names: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True).map(sorted)


def _table(draw: st.DrawFn, name: str) -> _Table:
    columns = {c: draw(st.sampled_from(sorted(_TYPES))) for c in draw(_some(_COLUMNS))}
    partitioned = draw(st.integers(0, 4)) == 0
    table = _Table(name=name, columns=columns, partitioned=partitioned)
    lines = ["id integer NOT NULL" if draw(st.booleans()) else "id integer GENERATED ALWAYS AS IDENTITY"]
    for column, type_name in columns.items():
        line = f"{quoted(column)} {type_name}"
        if draw(st.booleans()):
            line += f" DEFAULT {draw(st.sampled_from(_TYPES[type_name]))}"
        if draw(st.booleans()):
            line += " NOT NULL"
        lines.append(line)
    lines.append(f"CONSTRAINT {quoted(name + ' key')} PRIMARY KEY (id)")
    if draw(st.booleans()):
        lines.append(f"CONSTRAINT positive CHECK (id > {draw(st.integers(0, 2))})")
    tail = " PARTITION BY RANGE (id)" if partitioned else ""
    table.statements.append(f"CREATE TABLE {quoted(name)} ({', '.join(lines)}){tail};")
    if partitioned:
        for number in range(draw(st.integers(0, 2))):
            bounds = f"FROM ({number * 100}) TO ({number * 100 + 100})"
            part = quoted(f"{name} {number}")
            table.statements.append(f"CREATE TABLE {part} PARTITION OF {quoted(name)} FOR VALUES {bounds};")
    for column in columns:
        if draw(st.integers(0, 3)) == 0:
            table.statements.append(f"COMMENT ON COLUMN {quoted(name)}.{quoted(column)} IS '{draw(_word)}';")
    return table


_word = st.sampled_from(["one", "two"])


def _foreign_keys(draw: st.DrawFn, table: _Table, tables: list[_Table]) -> list[str]:
    found = []
    for column, type_name in table.columns.items():
        if type_name in {"integer", "bigint"} and draw(st.booleans()):
            target = draw(st.sampled_from([t.name for t in tables]))
            action = draw(st.sampled_from(["", " ON DELETE CASCADE", " DEFERRABLE"]))
            name = quoted(f"{table.name} {column} fk")
            found.append(
                f"ALTER TABLE {quoted(table.name)} ADD CONSTRAINT {name} FOREIGN KEY ({quoted(column)})"
                f" REFERENCES {quoted(target)}{action};"
            )
    return found


def _indexes(draw: st.DrawFn, table: _Table) -> list[str]:
    found = []
    plain = [c for c, t in table.columns.items() if t not in {"jsonb"}]
    if not plain:
        return []
    for number in range(draw(st.integers(0, 2))):
        keys = draw(st.lists(st.sampled_from(plain), min_size=1, max_size=2, unique=True))
        unique = "UNIQUE " if draw(st.booleans()) and not table.partitioned else ""
        where = " WHERE id > 5" if draw(st.booleans()) else ""
        columns = ", ".join(quoted(k) for k in keys)
        name = quoted(f"{table.name} i{number}")
        found.append(f"CREATE {unique}INDEX {name} ON {quoted(table.name)} ({columns}){where};")
    return found


def _views(draw: st.DrawFn, tables: list[_Table]) -> list[str]:
    found: list[str] = []
    for name in draw(_some(("v", "w"))):
        if not tables:
            break
        table = draw(st.sampled_from(tables))
        columns = ["id", *draw(_some(tuple(table.columns)))] if table.columns else ["id"]
        kind = draw(st.sampled_from(["VIEW", "MATERIALIZED VIEW"]))
        shown = ", ".join(quoted(c) for c in columns)
        found.append(f"CREATE {kind} {name} AS SELECT {shown} FROM {quoted(table.name)};")
        if draw(st.booleans()):
            found.append(f"COMMENT ON {kind} {name} IS '{draw(_word)}';")
    return found
