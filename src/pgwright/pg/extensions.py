"""Which package carries an extension, and which extension a missing function or type belongs to."""

from __future__ import annotations

import re

# Shipped with PostgreSQL itself: part of the server package on Debian since 10, of -contrib elsewhere.
_CONTRIB_NAMES = """
    adminpack amcheck autoinc bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn
    earthdistance file_fdw fuzzystrmatch hstore insert_username intagg intarray isn lo ltree moddatetime
    pageinspect pg_buffercache pg_freespacemap pg_logicalinspect pg_overexplain pg_prewarm
    pg_stat_statements pg_surgery pg_trgm pg_visibility pg_walinspect pgcrypto pgrowlocks pgstattuple
    plpgsql postgres_fdw refint seg sslinfo tablefunc tcn tsm_system_rows tsm_system_time unaccent
    uuid-ossp xml2
"""
_CONTRIB = frozenset(_CONTRIB_NAMES.split())

# Debian's and the PostgreSQL project's package names; {major} is that of the server.
_PACKAGES = {
    "age": "postgresql-{major}-age",
    "hll": "postgresql-{major}-hll",
    "hypopg": "postgresql-{major}-hypopg",
    "orafce": "postgresql-{major}-orafce",
    "pg_cron": "postgresql-{major}-cron",
    "pg_partman": "postgresql-{major}-partman",
    "pg_repack": "postgresql-{major}-repack",
    "pg_squeeze": "postgresql-{major}-squeeze",
    "pgaudit": "postgresql-{major}-pgaudit",
    "pgrouting": "postgresql-{major}-pgrouting",
    "pgtap": "postgresql-{major}-pgtap",
    "plperl": "postgresql-plperl-{major}",
    "plpython3u": "postgresql-plpython3-{major}",
    "pltcl": "postgresql-pltcl-{major}",
    "postgis": "postgresql-{major}-postgis-3",
    "postgis_raster": "postgresql-{major}-postgis-3",
    "postgis_topology": "postgresql-{major}-postgis-3",
    "timescaledb": "timescaledb-2-postgresql-{major} (Apache edition: postgresql-{major}-timescaledb)",
    "timescaledb_toolkit": "timescaledb-toolkit-postgresql-{major}",
    "vector": "postgresql-{major}-pgvector",
}

# Loaded at server start, or they refuse to be created.
PRELOADED = frozenset({"age", "pg_cron", "pg_squeeze", "pg_stat_statements", "pgaudit", "timescaledb"})

_OWNERS = {
    "citext": "citext",
    "hstore": "hstore",
    "ltree": "ltree",
    "geometry": "postgis",
    "geography": "postgis",
    "vector": "vector",
    "halfvec": "vector",
    "gin_trgm_ops": "pg_trgm",
    "gist_trgm_ops": "pg_trgm",
    "similarity": "pg_trgm",
    "word_similarity": "pg_trgm",
    "unaccent": "unaccent",
    "crypt": "pgcrypto",
    "gen_salt": "pgcrypto",
    "digest": "pgcrypto",
    "hmac": "pgcrypto",
    "pgp_sym_encrypt": "pgcrypto",
    "gen_random_bytes": "pgcrypto",
    "gen_random_uuid": "pgcrypto",
    "levenshtein": "fuzzystrmatch",
    "soundex": "fuzzystrmatch",
    "crosstab": "tablefunc",
    "pg_stat_statements": "pg_stat_statements",
    "pg_stat_statements_reset": "pg_stat_statements",
    "pgstattuple": "pgstattuple",
    "bt_index_check": "amcheck",
    "bt_index_parent_check": "amcheck",
    "verify_heapam": "amcheck",
    "time_bucket": "timescaledb",
    "time_bucket_gapfill": "timescaledb",
    "create_hypertable": "timescaledb",
    "add_retention_policy": "timescaledb",
    "add_compression_policy": "timescaledb",
    "add_continuous_aggregate_policy": "timescaledb",
    "show_chunks": "timescaledb",
    "drop_chunks": "timescaledb",
}


def package_for(extension: str, major: int | None = None) -> str:
    """Say which package carries an extension, in Debian's names; `major` is the server's version."""
    number = str(major) if major else "<major>"
    if extension in _CONTRIB:
        return f"postgresql-{number} on Debian and Ubuntu, postgresql-contrib elsewhere"
    return _PACKAGES.get(extension, "postgresql-{major}-" + extension.replace("_", "-")).format(major=number)


def extension_of(name: str) -> str | None:
    """Return the extension that a function, type, operator class or view of this name comes with."""
    bare = name.rpartition(".")[2].strip('"').lower()
    return "uuid-ossp" if bare.startswith("uuid_generate_") else _OWNERS.get(bare)


def created_extension(statement: str) -> str | None:
    """Return the extension that a CREATE or ALTER EXTENSION statement names."""
    match = re.match(
        r"\s*(?:create|alter)\s+extension\s+(?:if\s+not\s+exists\s+)?(?:\"(?P<quoted>[^\"]+)\"|(?P<plain>[\w-]+))",
        statement,
        re.IGNORECASE,
    )
    return match and (match["quoted"] or match["plain"].lower())
