"""Everything that a schema consists of, as PostgreSQL itself writes it."""

from __future__ import annotations

import psycopg

PARTS = {
    "relations": """
        SELECT relname, relkind::text FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'alembic_version%'
    """,
    "columns": """
        SELECT attrelid::regclass::text, attnum, attname, format_type(atttypid, atttypmod), attnotnull,
               attidentity::text, attgenerated::text, attcollation::regcollation::text,
               pg_get_expr(adbin, adrelid)
          FROM pg_attribute
          JOIN pg_class ON pg_class.oid = attrelid
          LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
           AND attnum > 0 AND NOT attisdropped
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
    """,
    "indexes": """
        SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index
          JOIN pg_class ON pg_class.oid = indrelid
         WHERE relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    """,
    "enums": """
        SELECT typname, enumsortorder, enumlabel FROM pg_enum
          JOIN pg_type ON pg_type.oid = enumtypid
         WHERE typnamespace = 'public'::regnamespace
    """,
    "triggers": """
        SELECT pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger
          JOIN pg_class ON pg_class.oid = tgrelid
         WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal
    """,
    "functions": "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
}
EMPTY: dict[str, list[tuple[object, ...]]] = {part: [] for part in PARTS}


def structure(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Return the parts of schema public, each sorted, without Alembic's own table."""
    with psycopg.connect(url) as connection:
        return {part: sorted(connection.execute(query).fetchall(), key=repr) for part, query in PARTS.items()}
