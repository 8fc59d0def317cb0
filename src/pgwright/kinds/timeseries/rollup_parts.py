"""What a rollup consists of on plain PostgreSQL, as SQL: its table, its logs, its aggregate, its view."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pgwright.errors import PolicyError
from pgwright.kinds.steps import name_of, parent_of, short_name
from pgwright.kinds.timeseries.buckets import bucket_start
from pgwright.kinds.timeseries.engines import filling, rollup_relation
from pgwright.kinds.timeseries.partition_steps import column_type, series_of
from pgwright.kinds.timeseries.policy_records import COMMUNITY, relation
from pgwright.kinds.timeseries.rollup_join import Joined, JoinFields
from pgwright.kinds.timeseries.rollup_names import live_view, own_function, own_log
from pgwright.kinds.timeseries.rollup_watch import Watch, mark_everything
from pgwright.model.catalog import Catalog
from pgwright.model.names import ObjectId
from pgwright.model.span import Span
from pgwright.pg.quoting import Name, deparsed, literal, names, qualified

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class RollupParts:
    """Compose the parts of one rollup.

    `column` is the time column of the `source`, of type `type`, and `zone` that of its buckets; `aggregates`
    pairs a column of the rollup with SQL over the source and the tables that it `joins`. `above` is the
    rollup that fills the source, where pgwright keeps it: the live view needs it.
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
    joins: tuple[JoinFields, ...] = ()
    above: RollupParts | None = None

    @classmethod
    def of(cls, definition: Mapping[str, Any], **where: Any) -> RollupParts:
        """Return the parts of a rollup by the fields of its definition."""
        taken = ("bucket", "group_by", "aggregates", "where", "bucket_column", "joins")
        return cls(**{name: definition[name] for name in taken if name in definition}, **where)

    @cached_property
    def joined(self) -> tuple[Joined, ...]:
        """Return the tables that are joined to the source."""
        return tuple(Joined.of(fields, self.source) for fields in self.joins)

    @cached_property
    def watches(self) -> tuple[Watch, ...]:
        """Return how changes of the tables are noted that the rollup reads, the source first."""
        rollup = self.relation.name
        source = Watch(
            table=self.source,
            rollup=rollup,
            log=own_log(rollup),
            function=own_function(rollup),
            keys=self.logged,
            expressions=self.key_expressions(self.logged),
            everything=self.mark_everything(),
        )
        return (source, *(self._watch(joined) for joined in self.joined))

    def _watch(self, joined: Joined) -> Watch:
        rollup, name = self.relation.name, joined.name
        return Watch(
            table=joined.table,
            rollup=rollup,
            log=own_log(rollup, name),
            function=own_function(rollup, name),
            keys=joined.theirs,
            expressions=names(joined.theirs),
            everything=self.mark_everything(),
        )

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

    @property
    def log(self) -> Name:
        """Return the name of the log."""
        return qualified(own_log(self.relation.name))

    @property
    def live(self) -> Name:
        """Return the name of the view that reads the rollup with what no refresh has seen."""
        return qualified(self.live_id.name)

    @property
    def live_id(self) -> ObjectId:
        """Return the identity of that view."""
        return ObjectId("view", live_view(self.relation.name))

    @property
    def bucket_start(self) -> sql.Composed:
        """Return the start of the bucket that a row of the source is in, as an expression."""
        return bucket_start(Name(self.column), Span.of(self.bucket), self.zone, self.type)

    def key_expressions(self, wanted: Iterable[str], *, bucket: str | None = None) -> sql.Composed:
        """Compose the given keys as expressions over the source, each under its name.

        `bucket` takes the place of the expression where all rows are known to be of that one.
        """
        parts = (
            sql.SQL("{} AS {}").format(
                sql.SQL("{}::{}").format(literal(bucket), deparsed(self.type))
                if bucket
                else self.bucket_start,
                Name(key),
            )
            if self.bucket and key == self.bucket_column
            else Name(key)
            for key in wanted
        )
        return sql.SQL(", ").join(list(parts))

    def select(
        self,
        condition: sql.Composable | None = None,
        *,
        bucket: str | None = None,
        source: sql.Composable | None = None,
    ) -> sql.Composed:
        """Compose the aggregate over the source with what it joins, where the condition on its rows holds.

        `bucket` is the one that all these rows are in, if they are: to find it for each of them takes longer
        than to read and add them up. `source` is read in place of the source itself, under its name.
        """
        conditions = [
            *([deparsed(f"({self.where})")] if self.where else []),
            *([condition] if condition else []),
        ]
        return sql.SQL("SELECT {keys}, {aggregates} FROM {source}{joins}{where} GROUP BY {numbers}").format(
            keys=self.key_expressions(self.keys, bucket=bucket),
            aggregates=sql.SQL(", ").join(
                sql.SQL("{} AS {}").format(deparsed(text), Name(name)) for name, text in self.aggregates
            ),
            source=source or name_of(self.source),
            joins=sql.SQL("").join([joined.clause(condition) for joined in self.joined]),
            where=sql.SQL(" WHERE {}").format(sql.SQL(" AND ").join(conditions))
            if conditions
            else sql.SQL(""),
            numbers=deparsed(", ".join(str(n + 1) for n in range(len(self.keys)))),
        )

    def make_relation(self) -> sql.Composed:
        """Compose the creation of the rollup's table, empty, unless there is one.

        Its keys are a primary key, by which it can be followed, where none of them can be null. Where a
        publication has all tables, rows that nothing identifies can neither be deleted nor changed.
        """
        return sql.SQL(
            "DO $pgwright$ BEGIN\n"
            "IF to_regclass({text}) IS NULL THEN\n"
            "    CREATE TABLE {relation} AS {select} WITH NO DATA;\n"
            "    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = {source} AND attname = ANY ({columns}) "
            "AND attnum > 0 AND NOT attnotnull) THEN\n"
            "        CREATE UNIQUE INDEX {index} ON {relation} ({keys});\n"
            "        ALTER TABLE {relation} REPLICA IDENTITY FULL;\n"
            "    ELSE\n"
            "        ALTER TABLE {relation} ADD CONSTRAINT {index} PRIMARY KEY ({keys});\n"
            "    END IF;\n"
            "END IF;\n"
            "END $pgwright$"
        ).format(
            text=literal(name_of(self.relation).as_string()),
            relation=name_of(self.relation),
            select=self.select(),
            source=relation(self.source),
            columns=sql.Literal([*([self.column] if self.bucket else []), *self.group_by]),
            index=Name(short_name(f"{self.relation.name.name}_key")),
            keys=names(self.keys),
        )

    def make_logs(self) -> tuple[sql.Composed, ...]:
        """Compose the creation of the logs; a line of the source's may stand for every key."""
        keys = sql.SQL("{}, false AS everything").format(names(self.logged))
        own = [(own_log(self.relation.name), keys, name_of(self.relation))]
        joined = [(w.log, w.expressions, name_of(w.table)) for w in self.watches[1:]]
        return (
            sql.SQL("CREATE SCHEMA IF NOT EXISTS pgwright").format(),
            *(
                sql.SQL(
                    "DO $pgwright$ BEGIN\n"
                    "IF to_regclass({text}) IS NULL THEN\n"
                    # Emptied all the time, it must not wait until a fifth of it is dead.
                    "    CREATE TABLE {log} WITH (autovacuum_vacuum_scale_factor = 0, "
                    "autovacuum_vacuum_threshold = 10000) AS SELECT {columns} FROM {like} WITH NO DATA;\n"
                    # Where a publication has all tables, nothing could be taken from it otherwise.
                    "    ALTER TABLE {log} REPLICA IDENTITY FULL;\n"
                    "END IF;\n"
                    "END $pgwright$"
                ).format(
                    text=literal(qualified(log).as_string()), log=qualified(log), columns=columns, like=like
                )
                for log, columns, like in (*own, *joined)
            ),
        )

    def mark_everything(self) -> sql.Composed:
        """Compose the line of the log that stands for every key."""
        return mark_everything(own_log(self.relation.name))

    def floor(self) -> sql.Composed:
        """Compose the moment below which the rollup is history: its raw rows were retired."""
        return sql.SQL(
            "(SELECT coalesce(max(p.floor)::{type}, '-infinity') FROM pgwright.policy AS p "
            "WHERE p.kind = 'rollup' AND p.name = {name} AND p.relation = {source})"
        ).format(
            type=deparsed(self.type), name=literal(self.relation.name.name), source=relation(self.source)
        )

    def find_joined(self, joined: Joined, lines: sql.Composable) -> sql.Composed:
        """Compose the keys of the rollup that the `lines` of a joined table's log belong to."""
        return sql.SQL("SELECT DISTINCT {}, false AS everything FROM {} WHERE {}").format(
            self.key_expressions(self.logged), name_of(self.source), joined.matching(lines)
        )

    def noted(self) -> sql.Composable:
        """Compose all that is noted for the rollup itself, as a relation of keys."""
        if not self.joined:
            return self.log
        found = [
            self.find_joined(joined, qualified(watch.log))
            for joined, watch in zip(self.joined, self.watches[1:], strict=True)
        ]
        own = sql.SQL("SELECT {}, everything FROM {}").format(names(self.logged), self.log)
        return sql.SQL("({})").format(sql.SQL(" UNION ALL ").join([own, *found]))

    def unnoted(self, of: sql.Composable, noted: sql.Composable | None = None) -> sql.Composed:
        """Compose that nothing is noted of the key of `of`, a relation with the columns of the rollup.

        Two questions, and buckets, which are never null, by plain equality: PostgreSQL answers the first by
        a hash, and the second once.
        """
        plain = sql.SQL("l.{key} = {of}.{key}")
        same = (
            plain.format(key=Name(self.bucket_column), of=of)
            if self.bucket
            else same_keys(self.logged, of, Name("l"))
        )
        return sql.SQL(
            "NOT (EXISTS (SELECT FROM {noted} AS l WHERE {same}) "
            "OR EXISTS (SELECT FROM {noted} AS l WHERE l.everything))"
        ).format(noted=noted or self.noted(), same=same)


def parts(o: Any, catalog: Catalog) -> RollupParts:
    """Return the SQL of a rollup, with column and zone taken from the time series where it names none.

    Raises `PolicyError` where neither says which column tells the time.
    """
    table = parent_of(o.id)
    series = series_of(catalog, table)
    upper = filling(table, catalog)
    above = parts(upper, catalog) if upper else None
    column = o.column or (series.column if series else above.bucket_column if above else "")
    zone = o.zone or (series.zone if series else above.zone if above else "UTC")
    if o.bucket and not column:
        raise PolicyError(
            f"rollup {o.id.name} of {table.path} has a bucket, but no time column",
            detail=f"{table.path} is no time series; nothing was changed",
            hint="name it: Rollup(..., column=...)",
        )
    definition = {f.name: getattr(o, f.name) for f in fields(o)}
    return RollupParts.of(
        definition,
        source=table,
        relation=rollup_relation(o.id),
        column=column,
        type=above.type if above else column_type(catalog, table, column),
        zone=zone,
        above=above if upper and upper.by != COMMUNITY else None,
    )


def same_keys(keys: Iterable[str], one: sql.Composable, other: sql.Composable) -> sql.Composable:
    """Compose that two relations have the same keys, null being one of them."""
    pairs = [
        sql.SQL("{one}.{key} IS NOT DISTINCT FROM {other}.{key}").format(one=one, other=other, key=Name(k))
        for k in keys
    ]
    return sql.SQL("({})").format(sql.SQL(" AND ").join(pairs))
