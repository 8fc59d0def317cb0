"""What a rollup consists of on plain PostgreSQL, as SQL.

Triggers on the source, fired once per statement, append the keys that a statement touched to a log, within
the writer's own transaction: a line of the log is seen exactly when the rows that it speaks of are. A refresh
takes lines away and computes their keys anew. The log is only ever appended to by writers: a set of dirty
keys kept with ON CONFLICT DO NOTHING would lose a key that a refresh is about to take away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pgwright.kinds.buckets import bucket_start
from pgwright.kinds.policy_records import relation
from pgwright.kinds.steps import name_of, short_name
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.policy import Span
from pgwright.pg.quoting import Name, deparsed, literal, names, qualified

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class RollupParts:
    """Compose the parts of one rollup.

    `column` is the time column of the `source`, of type `type`, and `zone` that of its buckets; `aggregates`
    pairs a column of the rollup with SQL over the source.
    """

    source: ObjectId
    relation: ObjectId
    bucket: str
    column: str
    type: str
    zone: str
    group_by: tuple[str, ...]
    aggregates: tuple[tuple[str, str], ...]
    where: str
    bucket_column: str

    @classmethod
    def of(cls, definition: Mapping[str, Any], **where: Any) -> RollupParts:
        """Return the parts of a rollup by the fields of its definition."""
        taken = {"bucket", "group_by", "aggregates", "where", "bucket_column"}
        return cls(**{name: definition[name] for name in taken}, **where)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the columns that identify a row of the rollup."""
        return (self.bucket_column, *self.group_by) if self.bucket else self.group_by

    @property
    def logged(self) -> tuple[str, ...]:
        """Return the keys by which changes are noted: buckets are computed anew as a whole."""
        return (self.bucket_column,) if self.bucket else self.group_by

    @property
    def columns(self) -> tuple[str, ...]:
        """Return all columns that the rollup fills."""
        return (*self.keys, *(name for name, _ in self.aggregates))

    def _own(self, what: str) -> Name:
        relation = self.relation.name
        return Name("pgwright", short_name(f"{relation.schema}_{relation.name}_{what}"))

    @property
    def log(self) -> Name:
        """Return the name of the log."""
        return self._own("log")

    @property
    def function(self) -> Name:
        """Return the name of the function that the triggers call."""
        return self._own("note")

    @property
    def live(self) -> Name:
        """Return the name of the view that reads the rollup with what no refresh has seen."""
        return qualified(self.live_id.name)

    @property
    def live_id(self) -> ObjectId:
        """Return the identity of that view."""
        relation = self.relation.name
        return ObjectId("view", QualifiedName(relation.schema, short_name(f"{relation.name}_live")))

    def _bucket(self) -> sql.Composable:
        return bucket_start(Name(self.column), Span.of(self.bucket), self.zone, self.type)

    def key_expressions(self, wanted: Iterable[str]) -> sql.Composed:
        """Compose the given keys as expressions over the source, each under its name."""
        parts = (
            sql.SQL("{} AS {}").format(self._bucket(), Name(key))
            if self.bucket and key == self.bucket_column
            else Name(key)
            for key in wanted
        )
        return sql.SQL(", ").join(list(parts))

    def select(self, condition: sql.Composable | None = None) -> sql.Composed:
        """Compose the aggregate over the source, where the condition on its rows holds."""
        conditions = [
            *([deparsed(f"({self.where})")] if self.where else []),
            *([condition] if condition else []),
        ]
        return sql.SQL("SELECT {keys}, {aggregates} FROM {source}{where} GROUP BY {numbers}").format(
            keys=self.key_expressions(self.keys),
            aggregates=sql.SQL(", ").join(
                sql.SQL("{} AS {}").format(deparsed(text), Name(name)) for name, text in self.aggregates
            ),
            source=name_of(self.source),
            where=sql.SQL(" WHERE {}").format(sql.SQL(" AND ").join(conditions))
            if conditions
            else sql.SQL(""),
            numbers=deparsed(", ".join(str(n + 1) for n in range(len(self.keys)))),
        )

    def make_relation(self) -> sql.Composed:
        """Compose the creation of the rollup's table, empty, unless there is one."""
        return sql.SQL(
            "DO $pgwright$ BEGIN\n"
            "IF to_regclass({text}) IS NULL THEN\n"
            "    CREATE TABLE {relation} AS {select} WITH NO DATA;\n"
            "    CREATE UNIQUE INDEX {index} ON {relation} ({keys});\n"
            "END IF;\n"
            "END $pgwright$"
        ).format(
            text=literal(name_of(self.relation).as_string()),
            relation=name_of(self.relation),
            select=self.select(),
            index=Name(short_name(f"{self.relation.name.name}_key")),
            keys=names(self.keys),
        )

    def make_log(self) -> sql.Composed:
        """Compose the creation of the log, whose first line says that everything has to be computed."""
        return sql.SQL(
            "CREATE SCHEMA IF NOT EXISTS pgwright;\n"
            "CREATE TABLE IF NOT EXISTS {log} AS SELECT {keys}, false AS everything FROM {relation} "
            "WITH NO DATA;\n"
            # Emptied all the time, it must not wait until a fifth of it is dead.
            "ALTER TABLE {log} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)"
        ).format(log=self.log, keys=names(self.logged), relation=name_of(self.relation))

    def mark_everything(self) -> sql.Composed:
        """Compose the line of the log that stands for every key."""
        return sql.SQL("INSERT INTO {} (everything) VALUES (true)").format(self.log)

    def make_function(self) -> sql.Composed:
        """Compose the function that notes what a statement touched.

        It runs as its owner, since those who write to the source need no rights on the log.
        """
        note = sql.SQL("INSERT INTO {} ({}, everything) SELECT DISTINCT {}, false FROM ").format(
            self.log, names(self.logged), self.key_expressions(self.logged)
        )
        both = sql.SQL(
            "INSERT INTO {log} ({keys}, everything) SELECT {expressions}, false FROM old_rows "
            "UNION SELECT {expressions}, false FROM new_rows"
        ).format(log=self.log, keys=names(self.logged), expressions=self.key_expressions(self.logged))
        return sql.SQL(
            "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER\n"
            "SET search_path = pg_catalog, pg_temp AS $pgwright$\n"
            "BEGIN\n"
            "    IF TG_OP = 'INSERT' THEN\n        {note}new_rows;\n"
            "    ELSIF TG_OP = 'DELETE' THEN\n        {note}old_rows;\n"
            "    ELSIF TG_OP = 'UPDATE' THEN\n        {both};\n"
            "    ELSE\n        {everything};\n"
            "    END IF;\n"
            "    RETURN NULL;\n"
            "END $pgwright$"
        ).format(function=self.function, note=note, both=both, everything=self.mark_everything())

    def triggers(self, on: sql.Composable, major: int) -> tuple[sql.Composed, ...]:
        """Compose the triggers on the source, or on one of its partitions; they replace older ones."""
        found = []
        for event, tables in _EVENTS:
            name = Name(short_name(f"pgwright_{self.relation.name.name}_{event.lower()}"))
            if major < 14:
                found.append(sql.SQL("DROP TRIGGER IF EXISTS {} ON {}").format(name, on))
            create = "CREATE TRIGGER" if major < 14 else "CREATE OR REPLACE TRIGGER"
            found.append(
                sql.SQL("{} {} AFTER {} ON {}{} FOR EACH STATEMENT EXECUTE FUNCTION {}()").format(
                    deparsed(create), name, deparsed(event), on, deparsed(tables), self.function
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
            "FOR partition IN SELECT t.relid FROM pg_partition_tree({source}) AS t WHERE t.level > 0 LOOP\n"
            "{body}\nEND LOOP;\nEND $pgwright$"
        ).format(source=literal(name_of(self.source).as_string()), body=sql.SQL("\n").join(calls))

    def floor(self) -> sql.Composed:
        """Compose the moment below which the rollup is history: its raw rows were retired."""
        return sql.SQL(
            "(SELECT coalesce(max(p.floor)::{type}, '-infinity') FROM pgwright.policy AS p "
            "WHERE p.kind = 'rollup' AND p.name = {name} AND p.relation = {source})"
        ).format(
            type=deparsed(self.type), name=literal(self.relation.name.name), source=relation(self.source)
        )

    def make_live(self) -> sql.Composed:
        """Compose the view that takes unchanged keys from the rollup and computes the others."""
        log = self.log
        clean: sql.Composable = sql.SQL(
            "NOT EXISTS (SELECT FROM {log} AS l WHERE {same} OR l.everything)"
        ).format(log=log, same=_same(self.logged, Name("r"), Name("l")))
        expressions = sql.SQL(", ").join(
            [self._bucket()] if self.bucket else [Name(key) for key in self.group_by]
        )
        dirty = sql.SQL(
            "(({keys}) IN (SELECT {logged} FROM {log} AS l WHERE NOT l.everything) "
            "OR EXISTS (SELECT FROM {log} AS l WHERE l.everything))"
        ).format(keys=expressions, logged=names(self.logged), log=log)
        if self.bucket:
            clean = sql.SQL("(r.{} < {} OR {})").format(Name(self.bucket_column), self.floor(), clean)
            dirty = sql.SQL("{} >= {} AND {}").format(self._bucket(), self.floor(), dirty)
        return sql.SQL(
            "CREATE OR REPLACE VIEW {live} AS\nSELECT {columns} FROM {relation} AS r WHERE {clean}\n"
            "UNION ALL\n{select}"
        ).format(
            live=self.live,
            columns=names(self.columns),
            relation=name_of(self.relation),
            clean=clean,
            select=self.select(dirty),
        )


_EVENTS = (
    ("INSERT", " REFERENCING NEW TABLE AS new_rows"),
    ("UPDATE", " REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    ("DELETE", " REFERENCING OLD TABLE AS old_rows"),
    ("TRUNCATE", ""),
)


def _same(keys: Iterable[str], one: sql.Composable, other: sql.Composable) -> sql.Composable:
    pairs = [
        sql.SQL("{one}.{key} IS NOT DISTINCT FROM {other}.{key}").format(one=one, other=other, key=Name(k))
        for k in keys
    ]
    return sql.SQL("({})").format(sql.SQL(" AND ").join(pairs))
