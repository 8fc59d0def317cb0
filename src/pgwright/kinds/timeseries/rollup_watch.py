"""How the changes of a table are noted for a rollup, as SQL.

Triggers, fired once per statement, append what a statement touched to a log, within the writer's own
transaction: a line of the log is seen exactly when the rows that it speaks of are. A refresh takes lines away
and computes their keys anew. The log is only ever appended to by writers: a set of dirty keys kept with ON
CONFLICT DO NOTHING would lose a key that a refresh is about to take away.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.steps import name_of
from pgwright.kinds.timeseries.rollup_names import EVENTS, trigger_names
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.pg.quoting import Name, deparsed, literal, names, qualified


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Name a table that a rollup reads, and how its changes are noted: in which `log`, by which `function`.

    `keys` are the columns of the log, `expressions` what they are of a row of the table. `everything` is the
    statement that marks the whole rollup. `by_row` names the events that are noted row by row, for what
    TimescaleDB's Community edition cannot do with a trigger that sees all rows of a statement: see
    `pgwright.kinds.timeseries.engines.noted_by_row`.
    """

    table: ObjectId
    rollup: QualifiedName
    log: QualifiedName
    function: QualifiedName
    keys: tuple[str, ...]
    expressions: sql.Composable
    everything: sql.Composable
    by_row: frozenset[str] = frozenset()

    def make_function(self) -> sql.Composed:
        """Compose the function that notes what a statement touched.

        It runs as its owner, since those who write to the table need no rights on the log.
        """
        note = sql.SQL("INSERT INTO {} ({}) SELECT DISTINCT {} FROM ").format(
            qualified(self.log), names(self.keys), self.expressions
        )
        both = sql.SQL(
            "INSERT INTO {log} ({keys}) SELECT {expressions} FROM old_rows "
            "UNION SELECT {expressions} FROM new_rows"
        ).format(log=qualified(self.log), keys=names(self.keys), expressions=self.expressions)
        return sql.SQL(
            "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER\n"
            "SET search_path = pg_catalog, pg_temp AS $pgwright$\n"
            "BEGIN\n"
            "    IF TG_LEVEL = 'ROW' AND TG_OP = 'INSERT' THEN\n        {note}(SELECT NEW.*) AS new_rows;\n"
            "    ELSIF TG_LEVEL = 'ROW' THEN\n        {note}(SELECT OLD.*) AS old_rows;\n"
            "    ELSIF TG_OP = 'INSERT' THEN\n        {note}new_rows;\n"
            "    ELSIF TG_OP = 'DELETE' THEN\n        {note}old_rows;\n"
            "    ELSIF TG_OP = 'UPDATE' THEN\n        {both};\n"
            "    ELSE\n        {everything};\n"
            "    END IF;\n"
            "    RETURN NULL;\n"
            "END $pgwright$"
        ).format(function=qualified(self.function), note=note, both=both, everything=self.everything)

    def triggers(self, on: sql.Composable, major: int) -> tuple[sql.Composed, ...]:
        """Compose the triggers on the table, or on one of its partitions; they replace older ones."""
        found = []
        for event, plain in zip(EVENTS, trigger_names(self.rollup), strict=True):
            name = Name(plain)
            if major < 14:
                found.append(sql.SQL("DROP TRIGGER IF EXISTS {} ON {}").format(name, on))
            create = "CREATE TRIGGER" if major < 14 else "CREATE OR REPLACE TRIGGER"
            found.append(
                sql.SQL("{} {} AFTER {} ON {}{} EXECUTE FUNCTION {}()").format(
                    deparsed(create),
                    name,
                    deparsed(event),
                    on,
                    deparsed(
                        " FOR EACH ROW" if event in self.by_row else f"{_ROWS[event]} FOR EACH STATEMENT"
                    ),
                    qualified(self.function),
                )
            )
        return tuple(found)

    def triggers_on_partitions(self, major: int) -> sql.Composed:
        """Compose the triggers of partitions, for statements that name a partition itself."""
        mark = "\x01"
        texts = (
            t.as_string().replace("%", "%%").replace(mark, "%s") for t in self.triggers(deparsed(mark), major)
        )
        calls = [sql.SQL("    EXECUTE format({}, partition);").format(literal(text)) for text in texts]
        return sql.SQL(
            "DO $pgwright$\nDECLARE partition regclass;\nBEGIN\n"
            "FOR partition IN SELECT t.relid FROM pg_partition_tree({table}) AS t WHERE t.level > 0 LOOP\n"
            "{body}\nEND LOOP;\nEND $pgwright$"
        ).format(table=literal(name_of(self.table).as_string()), body=sql.SQL("\n").join(calls))


# The rows of a statement that its trigger sees.
_ROWS = {
    "INSERT": " REFERENCING NEW TABLE AS new_rows",
    "UPDATE": " REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": " REFERENCING OLD TABLE AS old_rows",
    "TRUNCATE": "",
}


def mark_everything(log: QualifiedName) -> sql.Composed:
    """Compose the line of a rollup's log that stands for every key."""
    return sql.SQL("INSERT INTO {} (everything) VALUES (true)").format(qualified(log))
