"""Steps of a plan as Alembic's own operations, where these exist and do exactly the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from pgwright.kinds.constraint import Constraint
from pgwright.kinds.default import Default
from pgwright.kinds.index import Index
from pgwright.kinds.table import Table
from pgwright.kinds.tables.column_types import Column
from pgwright.migrate.writing.alembic_tables import (
    Tables,
    columns_of,
    comment_of,
    condition_of,
    key_of,
    names,
    schema_of,
)
from pgwright.migrate.writing.alembic_types import type_code
from pgwright.migrate.writing.code import call, given, items, literal, mapping, text
from pgwright.model.catalog import Catalog
from pgwright.model.names import ObjectId
from pgwright.model.plan import Step
from pgwright.pg.quoting import Name, render

_FOREIGN = re.compile(
    r"FOREIGN KEY \((?P<local>[^()]*)\) REFERENCES (?P<target>[\w.]+|\"[^\"]+\")\((?P<remote>[^()]*)\)"
    r"(?: ON UPDATE (?P<update>CASCADE|RESTRICT|SET NULL|SET DEFAULT))?"
    r"(?: ON DELETE (?P<delete>CASCADE|RESTRICT|SET NULL|SET DEFAULT))?"
    r"(?P<deferrable> DEFERRABLE)?(?: INITIALLY (?P<initially>DEFERRED))?\Z"
)
_BODY = re.compile(
    r"USING (?P<method>\w+) \((?P<keys>.*?)\)(?: INCLUDE \((?P<include>[^()]*)\))?"
    r"(?P<nulls> NULLS NOT DISTINCT)?(?: WITH \((?P<with>[^()]*)\))?(?: WHERE \((?P<where>.*)\))?\Z",
    re.DOTALL,
)
_PLAIN = re.compile(r"[a-z_]\w*\Z")


@dataclass(frozen=True)
class Operations:
    """Translate the steps of a plan that leads from `before` to `after`."""

    tables: Tables
    before: Catalog
    after: Catalog

    def translate(self, step: Step) -> str | None:
        """Return the operation as code, or None where Alembic has none that does exactly this."""
        translate = _TRANSLATIONS.get(step.subject.kind)
        return translate(self, step) if translate else None

    def _table(self, step: Step) -> str | None:
        new, id = self.after.get(step.subject), step.subject
        if step.sql.startswith("CREATE TABLE") and isinstance(new, Table):
            return self.tables.create(new)
        if step.sql == f"DROP TABLE {_spelt(id)}":
            return call("op.drop_table", literal(id.name.name), **given({"schema": schema_of(id)}))
        to = _new_name(step.sql, f"ALTER TABLE {_spelt(id)} RENAME TO ")
        if to is None:
            return None
        return call("op.rename_table", literal(id.name.name), literal(to), **given({"schema": schema_of(id)}))

    def _column(self, step: Step) -> str | None:
        id, table = step.subject, step.subject.parent
        new, old = self.after.get(id), self.before.get(id)
        if table is None:
            return None
        name, where = render(Name(id.name.name)), given({"schema": schema_of(table)})
        action = step.sql.removeprefix(f"ALTER TABLE {_spelt(table)} ")
        if action.startswith("ADD COLUMN ") and isinstance(new, Column):
            # One that rows have no value for yet is let be null at first.
            column = self.tables.column(replace(new, not_null=action.endswith(" NOT NULL")))
            return column and call("op.add_column", literal(table.name.name), column, **where)
        if action == f"DROP COLUMN {name}":
            return call("op.drop_column", literal(table.name.name), literal(id.name.name), **where)
        changed: dict[str, str] = {}
        if to := _new_name(action, f"RENAME COLUMN {name} TO "):
            changed = {"new_column_name": literal(to)}
        elif action in (f"ALTER COLUMN {name} SET NOT NULL", f"ALTER COLUMN {name} DROP NOT NULL"):
            changed = {"nullable": repr(action.endswith("DROP NOT NULL"))}
        elif action.startswith(f"ALTER COLUMN {name} TYPE ") and isinstance(new, Column):
            kind = type_code(new.type, self.after)
            _, _, using = action.partition(" USING ")
            if kind is None or new.collation or (isinstance(old, Column) and old.collation):
                return None
            changed = given({"type_": kind, "postgresql_using": literal(using) if using else None})
        return self._alter(id, changed) if changed else None

    def _default(self, step: Step) -> str | None:
        column, new = step.subject.parent, self.after.get(step.subject)
        if column is None or column.parent is None:
            return None
        action = step.sql.removeprefix(f"ALTER TABLE {_spelt(column.parent)} ")
        head = f"ALTER COLUMN {render(Name(column.name.name))}"
        if action.startswith(f"{head} SET DEFAULT ") and isinstance(new, Default):
            return self._alter(column, {"server_default": text(new.expression)})
        return self._alter(column, {"server_default": "None"}) if action == f"{head} DROP DEFAULT" else None

    def _alter(self, column: ObjectId, changed: Mapping[str, str]) -> str | None:
        table = column.parent
        if table is None:
            return None
        where = given({"schema": schema_of(table)})
        return call(
            "op.alter_column", literal(table.name.name), literal(column.name.name), **changed, **where
        )

    def _constraint(self, step: Step) -> str | None:
        id, table = step.subject, step.subject.parent
        new = self.after.get(id)
        if table is None or table.kind != "table":
            return None
        name = f"op.f({literal(id.name.name)})"
        on, where = literal(table.name.name), given({"schema": schema_of(table)})
        action = step.sql.removeprefix(f"ALTER TABLE {_spelt(table)} ")
        spelt = render(Name(id.name.name))
        if action == f"DROP CONSTRAINT {spelt}":
            return call("op.drop_constraint", name, on, **where)
        if not isinstance(new, Constraint) or not action.startswith(
            f"ADD CONSTRAINT {spelt} {new.definition}"
        ):
            return None
        if action.endswith(" NOT VALID"):
            where["postgresql_not_valid"] = "True"
        if new.type == "c" and (condition := condition_of(new)):
            return call("op.create_check_constraint", name, on, text(condition), **where)
        if new.type in "pu" and (key := key_of(new)):
            maker = "op.create_primary_key" if new.type == "p" else "op.create_unique_constraint"
            nulls = {"postgresql_nulls_not_distinct": "True"} if key[1] else {}
            return call(maker, name, on, names(key[0]), **where, **nulls)
        return self._foreign_key(new, name, on, where) if new.type == "f" else None

    def _foreign_key(self, o: Constraint, name: str, on: str, where: Mapping[str, str]) -> str | None:
        match = _FOREIGN.match(o.definition)
        local = columns_of(match["local"]) if match else None
        remote = columns_of(match["remote"]) if match else None
        if match is None or o.target is None or local is None or remote is None:
            return None
        named = given(
            {
                "source_schema": where.get("schema"),
                "referent_schema": schema_of(o.target),
                "onupdate": match["update"] and literal(match["update"]),
                "ondelete": match["delete"] and literal(match["delete"]),
                "deferrable": "True" if match["deferrable"] else None,
                "initially": match["initially"] and literal(match["initially"]),
                "postgresql_not_valid": where.get("postgresql_not_valid"),
            }
        )
        target = literal(o.target.name.name)
        return call("op.create_foreign_key", name, on, target, names(local), names(remote), **named)

    def _index(self, step: Step) -> str | None:
        id, table = step.subject, step.subject.parent
        if table is None:
            return None
        named = given({"schema": schema_of(table)})
        if not step.transactional:
            named["postgresql_concurrently"] = "True"
        new = self.after.get(id)
        unique = "UNIQUE " if isinstance(new, Index) and new.unique else ""
        manner = "" if step.transactional else "CONCURRENTLY "
        name = render(Name(id.name.name))
        if isinstance(new, Index) and step.sql.startswith(
            f"CREATE {unique}INDEX {manner}{name} ON {_spelt(table)} {new.body}"
        ):
            return self._create_index(new, table, named)
        full = render(Name(table.name.schema or "public", id.name.name))
        if step.sql == f"DROP INDEX {manner}{full}":
            on = literal(table.name.name)
            return call("op.drop_index", f"op.f({literal(id.name.name)})", table_name=on, **named)
        return None

    def _create_index(self, o: Index, table: ObjectId, named: Mapping[str, str]) -> str | None:
        match = _BODY.match(o.body)
        if match is None or table.kind != "table":
            return None
        keys = [literal(key) if _PLAIN.match(key) else text(key) for key in _split(match["keys"])]
        include = columns_of(match["include"]) if match["include"] else ()
        if include is None or any(key.count("(") != key.count(")") for key in keys):
            return None
        more = given(
            {
                "unique": "True" if o.unique else None,
                "postgresql_using": None if match["method"] == "btree" else literal(match["method"]),
                "postgresql_include": names(include) if include else None,
                "postgresql_nulls_not_distinct": "True" if match["nulls"] else None,
                "postgresql_with": _settings(match["with"]) if match["with"] else None,
                "postgresql_where": match["where"] and text(match["where"]),
            }
        )
        return call(
            "op.create_index",
            f"op.f({literal(o.id.name.name)})",
            literal(table.name.name),
            items(keys),
            **more,
            **named,
        )

    def _comment(self, step: Step) -> str | None:
        on, new = step.subject.parent, self.after.get(step.subject)
        if on is None:
            return None
        if on.kind == "column" and on.parent and on.parent.kind == "table":
            return self._alter(on, {"comment": comment_of(new) if new else "None"})
        if on.kind != "table":
            return None
        table, where = literal(on.name.name), given({"schema": schema_of(on)})
        if new is None:
            return call("op.drop_table_comment", table, **where)
        return call("op.create_table_comment", table, comment_of(new), **where)


_TRANSLATIONS: Mapping[str, Callable[[Operations, Step], str | None]] = MappingProxyType(
    {
        "table": Operations._table,
        "column": Operations._column,
        "default": Operations._default,
        "constraint": Operations._constraint,
        "index": Operations._index,
        "comment": Operations._comment,
    }
)


def _spelt(id: ObjectId) -> str:
    return render(Name(*(part for part in id.name if part is not None)))


def _new_name(statement: str, head: str) -> str | None:
    """Return the plain name that a statement gives after `head`, None where it does something else."""
    to = statement.removeprefix(head)
    return to if statement.startswith(head) and _PLAIN.match(to) else None


def _settings(printed: str) -> str:
    """Return storage settings, ``fillfactor='70', fastupdate=off``, as a dictionary in code."""
    pairs = (setting.partition("=") for setting in printed.split(", "))
    return mapping({name: literal(value.strip("'")) for name, _, value in pairs})


def _split(keys: str) -> Iterator[str]:
    """Yield the keys of an index: the commas outside of parentheses and quotes divide them."""
    depth, quoted, current = 0, "", ""
    for letter in keys:
        if quoted:
            quoted = "" if letter == quoted else quoted
        elif letter in "'\"":
            quoted = letter
        depth += (letter == "(") - (letter == ")") if not quoted else 0
        if letter == "," and depth == 0 and not quoted:
            yield current.strip()
            current = ""
        else:
            current += letter
    yield current.strip()
