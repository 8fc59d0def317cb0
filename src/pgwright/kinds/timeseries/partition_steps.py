"""How a table comes to have partitions by time, keeps its rows on the way, and comes back to be plain.

A table cannot become partitioned in place. It is set aside under another name, the partitioned table is made
as the catalog says, with every part and everything that stood on it, and takes the old one in as the
partition of all that went before. All of that is one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pgwright.kinds.steps import name_of, short_name, step
from pgwright.kinds.timeseries.buckets import ZONED, bare_type, bucket_after, bucket_start
from pgwright.kinds.timeseries.policy_records import relation
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase
from pgwright.model.span import Span
from pgwright.pg.quoting import Name, deparsed, literal, names

if TYPE_CHECKING:
    from pgwright.kinds.contract import Context
    from pgwright.model.catalog import Catalog
    from pgwright.model.plan import Step


def series_of(catalog: Catalog, table: ObjectId) -> Any:
    """Return the declaration that a table is a time series, or None."""
    return catalog.get(ObjectId("time_series", QualifiedName(None, "time_series"), table))


def column_type(catalog: Catalog, table: ObjectId, column: str) -> str:
    """Return the type of a column without its precision, as `format_type` writes it."""
    found = catalog.get(ObjectId("column", QualifiedName(None, column), table))
    return bare_type(getattr(found, "type", ZONED))


def becomes_series(table: ObjectId, context: Context) -> bool:
    """Tell whether the plan gives partitions to a table that had none, which replaces it."""
    return (
        _replaced(table, context) and _time_column(context.before, table) is None and _native(table, context)
    )


def leaves_series(table: ObjectId, context: Context) -> bool:
    """Tell whether the plan makes a plain table of one that has partitions or chunks."""
    gone = _time_column(context.after, table) is None and _time_column(context.before, table) is not None
    return _replaced(table, context) and gone


def _replaced(table: ObjectId, context: Context) -> bool:
    return table in context.dropped and table in context.created


def _native(table: ObjectId, context: Context) -> bool:
    return _time_column(context.after, table) is not None and not context.server.timescaledb


def _time_column(catalog: Catalog, table: ObjectId) -> str | None:
    return getattr(catalog.get(table), "time_column", None)


# Of every conversion: it is one transaction under a lock, and its length is that of the table.
CONVERSION_HINT = (
    "on a table in use, run pgwright policy convert instead, which nobody has to wait for; "
    "stopped, this leaves all as it was"
)

_HISTORY, _DISSOLVED, CONVERTED = "history", "dissolved", "converted"


def aside(table: ObjectId, word: str) -> ObjectId:
    """Return the identity under which a table waits for its successor."""
    return table._replace(name=QualifiedName(table.name.schema, short_name(f"{table.name.name}_{word}")))


def set_aside(table: ObjectId, context: Context) -> Step:
    """Return the step that frees the names of a table and of its parts; its rows stay in it."""
    word = _HISTORY if becomes_series(table, context) else _DISSOLVED
    if table in context.prepared:
        word = CONVERTED
    old = aside(table, word)
    actions: list[sql.Composable] = [
        sql.SQL("ALTER TABLE {} RENAME TO {}").format(name_of(table), Name(old.name.name))
    ]
    part: Any
    if word == _HISTORY:
        actions.extend(_restated_checks(table, old, context))
    for part in context.before.children(table):
        schema, name = table.name.schema or "public", part.id.name.name
        other = Name(short_name(f"{name}_{word}"))
        if part.id.kind == "index":
            actions.append(sql.SQL("ALTER INDEX {} RENAME TO {}").format(Name(schema, name), other))
        elif _is_key(part):
            actions.append(
                sql.SQL("ALTER TABLE {} RENAME CONSTRAINT {} TO {}").format(name_of(old), Name(name), other)
            )
        elif part.id.kind == "trigger" and not part.derived:
            actions.append(sql.SQL("DROP TRIGGER {} ON {}").format(Name(name), name_of(old)))
        elif part.id.kind == "column" and part.identity and word != CONVERTED:
            sequence = part.sequence
            if sequence is not None:
                aside_name = Name(short_name(f"{sequence.name}_{word}"))
                actions.append(
                    sql.SQL("ALTER SEQUENCE {} RENAME TO {}").format(
                        Name(sequence.schema, sequence.name), aside_name
                    )
                )
    if table in context.prepared:
        hazard = Hazard(
            code=HazardCode.LOCKS_READERS,
            message=f"nobody reads or writes {table.path} while names change hands, some milliseconds",
        )
    else:
        hazard = Hazard(
            code=HazardCode.LOCKS_READERS,
            message=f"nobody reads or writes {table.path} while PostgreSQL reads all its rows once",
            hint=CONVERSION_HINT,
        )
    text = sql.SQL(";\n").join(actions)
    on = (table, *_referenced(table, context))
    return step(
        table,
        text,
        f"set {table} aside as {old.path}",
        lock=LockMode.ACCESS_EXCLUSIVE,
        on=on,
        hazards=(hazard,),
        phase=Phase.EXPAND,
    )


def _restated_checks(table: ObjectId, old: ObjectId, context: Context) -> Iterator[sql.Composable]:
    """Yield what gives a table its CHECKs anew, from the same text as its successor gets them.

    Read again, ``a AND (b AND c)`` is another expression than before, and a partition must have the same.
    """
    checks: list[Any] = [
        c
        for c in context.before.children(table, "constraint")
        if getattr(c, "type", "") == "c" and not c.derived
    ]
    clauses = [
        sql.SQL("DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {definition}").format(
            name=Name(part.id.name.name), definition=deparsed(part.definition)
        )
        for part in checks
    ]
    if clauses:
        yield sql.SQL("ALTER TABLE {} {}").format(name_of(old), sql.SQL(", ").join(clauses))


def _is_key(part: Any) -> bool:
    return bool(part.id.kind == "constraint" and part.is_key)


def _referenced(table: ObjectId, context: Context) -> Iterator[ObjectId]:
    """Yield the tables that foreign keys of the table refer to: they are locked when it is attached."""
    for part in context.before.children(table, "constraint"):
        target = getattr(part, "target", None)
        if target is not None and target != table:
            yield from context.with_descendants(target)


def take_in(table: ObjectId, context: Context) -> Step:
    """Return the step that attaches what was set aside, and adds partitions ahead."""
    series = series_of(context.after, table)
    type = column_type(context.after, table, series.column)
    old, span = aside(table, _HISTORY), Span.of(series.interval)
    newest = sql.SQL("(SELECT max(old.{}) FROM {} AS old)").format(Name(series.column), name_of(old))
    # The piece of time that is now gets a partition of its own, unless the old table has rows of it.
    after = sql.SQL("greatest({}, {})").format(
        bucket_start(sql.SQL("now()::{}").format(deparsed(type)), span, series.zone, type),
        bucket_after(bucket_start(newest, span, series.zone, type), span, series.zone, type),
    )
    lines: list[sql.Composable] = [*kept_not_null_names(table, old, context.server.major)]
    for part in context.before.children(table, "column"):
        if getattr(part, "identity", ""):
            lines.append(_move_identity(table, old, part.id.name.name))
    attach = sql.SQL(
        "lower_bound := {after};\n"
        "EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (MINVALUE) TO (%L)', "
        "{table}, {old}, lower_bound);"
    ).format(
        after=after,
        table=literal(name_of(table).as_string()),
        old=literal(name_of(old).as_string()),
    )
    # What is declared about the table follows it by its OID, and has to come over.
    lines.append(
        sql.SQL(
            "IF to_regclass('pgwright.policy') IS NOT NULL THEN\n"
            "    UPDATE pgwright.policy SET relation = {} WHERE relation = {};\nEND IF;"
        ).format(relation(table), relation(old))
    )
    lines.append(attach)
    text = _block(table, series, type, lines)
    on = tuple(_referenced(table, context))
    return step(
        table,
        text,
        f"attach what was set aside to {table}, and partitions ahead",
        lock=LockMode.ACCESS_EXCLUSIVE if on else None,
        on=on,
    )


def kept_not_null_names(table: ObjectId, old: ObjectId, major: int) -> Iterator[sql.Composable]:
    """Yield what names the NOT NULLs of a table as those of its predecessor are, which PostgreSQL 18 keeps.

    Made while the predecessor had the names that PostgreSQL gives, they got a number behind. It happens
    before a partition comes: a later ALTER TABLE would look for one name in all of them. Names may change
    places.
    """
    if major < 18:
        return
    yield sql.SQL(
        "DECLARE\n"
        "    renamed record;\n"
        "BEGIN\n"
        "FOR renamed IN\n"
        "    WITH pair AS MATERIALIZED (\n"
        "        SELECT made.conname AS made, kept.conname AS kept, 'pgwright_' || made.oid AS between\n"
        "        FROM pg_constraint AS kept\n"
        "        JOIN pg_attribute AS a ON a.attrelid = kept.conrelid AND a.attnum = kept.conkey[1]\n"
        "        JOIN pg_constraint AS made ON made.conrelid = {table}::regclass AND made.contype = 'n'\n"
        "        JOIN pg_attribute AS b ON b.attrelid = made.conrelid AND b.attnum = made.conkey[1]\n"
        "        WHERE kept.conrelid = {old}::regclass AND kept.contype = 'n'\n"
        "            AND b.attname = a.attname AND made.conname <> kept.conname)\n"
        "    SELECT made::text AS was, between AS becomes, 1 AS turn FROM pair\n"
        "    UNION ALL SELECT between, kept::text, 2 FROM pair ORDER BY turn\n"
        "LOOP\n"
        "    EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', {table},\n"
        "        renamed.was, renamed.becomes);\n"
        "END LOOP;\n"
        "END;"
    ).format(table=literal(name_of(table).as_string()), old=literal(name_of(old).as_string()))


def _move_identity(table: ObjectId, old: ObjectId, column: str) -> sql.Composed:
    """Compose what lets the new identity column go on where the old one stopped, which then ends."""
    return sql.SQL(
        "EXECUTE format('SELECT setval(%L, last_value, is_called) FROM %s', "
        "pg_get_serial_sequence({table}, {column}), pg_get_serial_sequence({old}, {column}));\n"
        "ALTER TABLE {old_name} ALTER COLUMN {column_name} DROP IDENTITY;"
    ).format(
        table=literal(name_of(table).as_string()),
        old=literal(name_of(old).as_string()),
        column=literal(column),
        old_name=name_of(old),
        column_name=Name(column),
    )


def first_partitions(table: ObjectId, context: Context) -> Step:
    """Return the step that gives a new table partitions: of now, ahead, and one for all that is older.

    Rows from before the table was made, of an import or a late sender, would be refused otherwise.
    """
    series = series_of(context.after, table)
    type = column_type(context.after, table, series.column)
    history = sql.SQL(
        "EXECUTE format('CREATE TABLE IF NOT EXISTS %s PARTITION OF %s '\n"
        "    'FOR VALUES FROM (MINVALUE) TO (%L)', {}, {}, lower_bound);"
    ).format(literal(name_of(aside(table, _HISTORY)).as_string()), literal(name_of(table).as_string()))
    return step(table, _block(table, series, type, [history]), f"make the first partitions of {table}")


def _block(table: ObjectId, series: Any, type: str, before: list[sql.Composable]) -> sql.Composed:
    span = Span.of(series.interval)
    at = sql.SQL("lower_bound")
    return sql.SQL(
        "DO $pgwright$\n"
        "DECLARE\n"
        "    lower_bound {type} := {start};\n"
        "    upper_bound {type};\n"
        "BEGIN\n"
        "{before}"
        "FOR number IN 0..{ahead} LOOP\n"
        "    upper_bound := {after};\n"
        "    EXECUTE format('CREATE TABLE IF NOT EXISTS %I.%I PARTITION OF %s '\n"
        "        'FOR VALUES FROM (%L) TO (%L)',\n"
        "        {schema}, {name}, {table}, lower_bound, upper_bound);\n"
        "    lower_bound := upper_bound;\n"
        "END LOOP;\n"
        "END $pgwright$"
    ).format(
        type=deparsed(type),
        start=bucket_start(sql.SQL("now()::{}").format(deparsed(type)), span, series.zone, type),
        after=bucket_after(at, span, series.zone, type),
        before=sql.SQL("").join(sql.SQL("{}\n").format(line) for line in before),
        ahead=deparsed(str(series.ahead)),
        schema=literal(table.name.schema or "public"),
        name=partition_name(table, at, series.zone, series.suffix, type),
        table=literal(name_of(table).as_string()),
    )


def partition_name(table: ObjectId, at: sql.Composable, zone: str, suffix: str, type: str) -> sql.Composed:
    """Compose the name of the partition that begins `at`, within the length that PostgreSQL keeps."""
    local = sql.SQL("({} AT TIME ZONE {})").format(at, literal(zone)) if type == ZONED else at
    stem = short_name(table.name.name, 61 - len(suffix))
    return sql.SQL("{} || to_char({}, {})").format(literal(f"{stem}_p"), local, literal(suffix))


def partition_bound(edge: str, type: str) -> sql.Composed:
    """Compose a bound of the partition ``c``, a row of `pg_class`; `edge` is FROM or TO; null has no end."""
    return sql.SQL("(regexp_match(pg_get_expr(c.relpartbound, c.oid), {}))[1]::{}").format(
        literal(edge + r" \('([^']+)'\)"), deparsed(type)
    )


def dissolve(table: ObjectId, context: Context) -> Step:
    """Return the step that copies the rows of a dissolved time series into the plain table, and drops it."""
    old = aside(table, _DISSOLVED)
    columns = sorted(
        (c for c in context.after.children(table, "column") if not getattr(c, "expression", None)),
        key=lambda c: getattr(c, "position", 0),
    )
    listed = names(c.id.name.name for c in columns)
    identity = [c.id.name.name for c in columns if getattr(c, "identity", "")]
    lines = [
        sql.SQL("UPDATE pgwright.policy SET relation = {} WHERE relation = {}").format(
            relation(table), relation(old)
        ),
        sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}").format(
            name_of(table), listed, listed, name_of(old)
        ),
        *(
            sql.SQL(
                "DO $pgwright$ BEGIN EXECUTE format('SELECT setval(%L, last_value, is_called) FROM %s', "
                "pg_get_serial_sequence({}, {}), pg_get_serial_sequence({}, {})); END $pgwright$"
            ).format(
                literal(name_of(table).as_string()),
                literal(column),
                literal(name_of(old).as_string()),
                literal(column),
            )
            for column in identity
        ),
        *(
            sql.SQL("DO $pgwright$ {} $pgwright$").format(block)
            for block in kept_not_null_names(table, old, context.server.major)
        ),
        sql.SQL("DROP TABLE {}").format(name_of(old)),
    ]
    hazard = Hazard(
        code=HazardCode.REWRITES,
        message=f"all rows of {table.path} are copied into a plain table while nobody can read or write it",
    )
    on = [table, *context.with_descendants(table), *_referenced(table, context)]
    return step(
        table,
        sql.SQL(";\n").join(lines),
        f"copy the rows of {table} into it, and drop its partitions",
        lock=LockMode.ACCESS_EXCLUSIVE,
        on=tuple(dict.fromkeys(on)),
        hazards=(hazard,),
    )
