"""Which rows of a table change while it is copied, noted by triggers in the writers' own transactions.

A line of the log is seen exactly when the change that it speaks of is. Writers only append, and need nothing
of the copy: no row that it could not hold yet can make a write fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from pgwright.kinds.steps import name_of, short_name
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.pg.quoting import Name, deparsed, literal, names, qualified

_CHANGED = Name("pg_temp", "pgwright_changed")
_EVENTS = (
    ("INSERT", " REFERENCING NEW TABLE AS new_rows"),
    ("UPDATE", " REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    ("DELETE", " REFERENCING OLD TABLE AS old_rows"),
    ("TRUNCATE", ""),
)


def log_of(table: ObjectId) -> QualifiedName:
    """Return the name of the log of a table that is converted."""
    return _own(table, "changes")


def _own(table: ObjectId, what: str) -> QualifiedName:
    return QualifiedName("pgwright", short_name(f"{table.name.schema}_{table.name.name}_{what}"))


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Note the keys of changed rows of `table`, and bring `copy` up to date with them.

    `key` identifies a row and holds no nulls, `types` are its types; `columns` are those that can be written.
    `by_row` are the events that are noted row by row.
    """

    table: ObjectId
    copy: ObjectId
    key: tuple[str, ...]
    types: tuple[str, ...]
    columns: tuple[str, ...]
    by_row: frozenset[str] = frozenset()

    @property
    def log(self) -> Name:
        """Return the name of the log."""
        return qualified(log_of(self.table))

    @property
    def _function(self) -> Name:
        return qualified(_own(self.table, "note_change"))

    def begin(self, conn: Connection[Any]) -> None:
        """Make log and triggers; the triggers wait for writers that are at work."""
        self.end(conn)
        conn.execute(
            sql.SQL("CREATE TABLE {} AS SELECT {}, false AS everything FROM {} WITH NO DATA").format(
                self.log, names(self.key), name_of(self.table)
            )
        )
        # Where a publication has all tables, nothing could be taken from it otherwise.
        conn.execute(sql.SQL("ALTER TABLE {} REPLICA IDENTITY FULL").format(self.log))
        conn.execute(self._make_function())
        for event, tables in _EVENTS:
            conn.execute(
                sql.SQL("CREATE TRIGGER {} AFTER {} ON {}{} EXECUTE FUNCTION {}()").format(
                    Name(f"pgwright_change_{event.lower()}"),
                    deparsed(event),
                    name_of(self.table),
                    deparsed(" FOR EACH ROW" if event in self.by_row else f"{tables} FOR EACH STATEMENT"),
                    self._function,
                )
            )

    def _make_function(self) -> sql.Composed:
        # It runs as its owner, since those who write to the table need no rights on the log.
        return sql.SQL(
            "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER\n"
            "SET search_path = pg_catalog, pg_temp AS $pgwright$\n"
            "BEGIN\n"
            "    IF TG_LEVEL = 'ROW' AND TG_OP = 'INSERT' THEN INSERT INTO {log} VALUES ({new}, false);\n"
            "    ELSIF TG_LEVEL = 'ROW' THEN INSERT INTO {log} VALUES ({old}, false);\n"
            "    ELSIF TG_OP = 'INSERT' THEN INSERT INTO {log} SELECT {keys}, false FROM new_rows;\n"
            "    ELSIF TG_OP = 'DELETE' THEN INSERT INTO {log} SELECT {keys}, false FROM old_rows;\n"
            "    ELSIF TG_OP = 'UPDATE' THEN INSERT INTO {log} SELECT {keys}, false FROM old_rows\n"
            "        UNION SELECT {keys}, false FROM new_rows;\n"
            "    ELSE INSERT INTO {log} (everything) VALUES (true);\n"
            "    END IF;\n"
            "    RETURN NULL;\n"
            "END $pgwright$"
        ).format(
            function=self._function,
            log=self.log,
            keys=names(self.key),
            new=sql.SQL(", ").join(sql.SQL("NEW.{}").format(Name(k)) for k in self.key),
            old=sql.SQL(", ").join(sql.SQL("OLD.{}").format(Name(k)) for k in self.key),
        )

    def end(self, conn: Connection[Any]) -> None:
        """Remove log and triggers, also where only some of them are there."""
        conn.execute(sql.SQL("DROP FUNCTION IF EXISTS {}() CASCADE").format(self._function))
        conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self.log))

    def catch_up(self, conn: Connection[Any]) -> tuple[int, bool]:
        """Bring the copy up to date with what was noted; return how many rows, and whether all went.

        Within the caller's transaction, of which every statement has to see the same rows: REPEATABLE READ,
        or under a lock that keeps writers out.
        """
        conn.execute(
            sql.SQL(
                "CREATE TEMP TABLE IF NOT EXISTS pgwright_changed ON COMMIT DELETE ROWS "
                "AS SELECT {} FROM {} LIMIT 0"
            ).format(names(self.key), self.log)
        )
        row = conn.execute(
            sql.SQL(
                "WITH gone AS (DELETE FROM {log} RETURNING everything, {key}), noted AS ("
                "INSERT INTO {changed} SELECT DISTINCT {key} FROM gone WHERE NOT everything RETURNING 1) "
                "SELECT (SELECT count(*) FROM noted), EXISTS (SELECT FROM gone WHERE everything)"
            ).format(log=self.log, key=names(self.key), changed=_CHANGED)
        ).fetchone()
        changed, emptied = row or (0, False)
        if emptied:
            conn.execute(sql.SQL("TRUNCATE {}").format(name_of(self.copy)))
        if changed:
            conn.execute(self._bring_over())
        return changed, emptied

    def _bring_over(self) -> sql.Composed:
        same = sql.SQL(" AND ").join(sql.SQL("t.{k} = c.{k}").format(k=Name(column)) for column in self.key)
        return sql.SQL(
            # Without the statistics PostgreSQL would read the whole table for a few rows.
            "ANALYZE {changed};\n"
            "DELETE FROM {copy} AS t USING {changed} AS c WHERE {same};\n"
            "INSERT INTO {copy} ({columns}) OVERRIDING SYSTEM VALUE "
            "SELECT {values} FROM {table} AS t JOIN {changed} AS c ON {same}"
        ).format(
            copy=name_of(self.copy),
            columns=names(self.columns),
            values=sql.SQL(", ").join(sql.SQL("t.{}").format(Name(c)) for c in self.columns),
            table=name_of(self.table),
            changed=_CHANGED,
            same=same,
        )

    def copy_next(
        self, conn: Connection[Any], after: tuple[str, ...], limit: int
    ) -> tuple[tuple[str, ...], int, bool]:
        """Copy the next rows in the order of the key; return where they end, how many, whether these are all.

        `after` is where the last ones ended, empty at the beginning. In the transaction of `catch_up`, so
        that a row which is in the copy already is the same row.
        """
        above = sql.SQL(" WHERE {}").format(self._than(">", after)) if after else sql.SQL("")
        row = conn.execute(
            sql.SQL(
                "SELECT count(*) OVER (), {texts} FROM (SELECT {key} FROM {table}{above} "
                "ORDER BY {key} LIMIT {limit}) AS r ORDER BY {back} LIMIT 1"
            ).format(
                texts=sql.SQL(", ").join(sql.SQL("{}::text").format(Name(k)) for k in self.key),
                key=names(self.key),
                table=name_of(self.table),
                above=above,
                limit=deparsed(str(limit)),
                # Qualified: a bare name would mean the text that is put out.
                back=sql.SQL(", ").join(sql.SQL("r.{} DESC").format(Name(k)) for k in self.key),
            )
        ).fetchone()
        if row is None:
            return after, 0, True
        upto = tuple(row[1:])
        rows = [self._than("<=", upto), *([self._than(">", after)] if after else [])]
        copied = conn.execute(
            sql.SQL(
                "INSERT INTO {copy} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {table} "
                "WHERE {rows} ON CONFLICT DO NOTHING"
            ).format(
                copy=name_of(self.copy),
                columns=names(self.columns),
                table=name_of(self.table),
                rows=sql.SQL(" AND ").join(rows),
            )
        ).rowcount
        return upto, copied, row[0] < limit

    def _than(self, sign: str, values: tuple[str, ...]) -> sql.Composed:
        """Compose a comparison of the key with a row of constants."""
        constants = sql.SQL(", ").join(
            sql.SQL("{}::{}").format(literal(value), deparsed(type))
            for value, type in zip(values, self.types, strict=True)
        )
        return sql.SQL("({}) {} ({})").format(names(self.key), deparsed(sign), constants)
