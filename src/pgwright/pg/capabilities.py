"""What a server can do, asked once: "feature, have, need" instead of version comparisons in the code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pgwright.errors import UnsupportedServerError

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True, kw_only=True)
class Feature:
    """Describe something that only newer servers do: `since` is a major version, `reason` what needs it."""

    name: str
    since: int
    reason: str


def _features(*rows: tuple[str, int, str]) -> Mapping[str, Feature]:
    return MappingProxyType(
        {name: Feature(name=name, since=since, reason=reason) for name, since, reason in rows}
    )


FEATURES: Mapping[str, Feature] = _features(
    ("generated_columns", 12, "a column computed from others, GENERATED ALWAYS AS (...) STORED"),
    ("reindex_concurrently", 12, "REINDEX CONCURRENTLY, without blocking writers"),
    ("pg_stat_statements_exec_time", 13, "pg_stat_statements.total_exec_time (before: total_time)"),
    ("builtin_uuid", 13, "gen_random_uuid() without the extension pgcrypto"),
    ("trusted_extensions", 13, "CREATE EXTENSION without superuser, for trusted extensions"),
    ("drop_database_force", 13, "DROP DATABASE ... WITH (FORCE), ending the sessions in it"),
    ("backup_manifest", 13, "a manifest with each base backup, for pg_verifybackup"),
    ("detach_concurrently", 14, "DETACH PARTITION CONCURRENTLY, without blocking readers"),
    ("multirange_types", 14, "multirange types"),
    ("compression_lz4", 14, "lz4 for large column values (toast)"),
    ("predefined_read_write_roles", 14, "the roles pg_read_all_data and pg_write_all_data"),
    ("create_or_replace_trigger", 14, "CREATE OR REPLACE TRIGGER"),
    ("amcheck_program", 14, "pg_amcheck"),
    ("security_invoker_views", 15, "views that check the reader's rights and row policies"),
    ("nulls_not_distinct", 15, "unique constraints in which nulls are equal"),
    ("merge", 15, "MERGE"),
    ("parameter_grants", 15, "GRANT SET ON PARAMETER"),
    ("public_schema_closed", 15, "schema public in which only its owner creates objects"),
    ("wal_compression_lz4", 15, "lz4 for full-page images in the write-ahead log"),
    ("pg_stat_io", 16, "the view pg_stat_io"),
    ("last_index_scan", 16, "the time of an index's last use"),
    ("grant_membership_options", 16, "GRANT role WITH INHERIT, SET, ADMIN"),
    ("incremental_backup", 17, "incremental base backups and pg_combinebackup"),
    ("maintain_privilege", 17, "GRANT MAINTAIN: VACUUM, ANALYZE, REINDEX without owning the table"),
    ("transaction_timeout", 17, "transaction_timeout"),
    ("builtin_collation_provider", 17, "a collation provider that no operating system upgrade changes"),
    ("not_null_constraints", 18, "NOT NULL constraints with names, and NOT VALID ones"),
    ("virtual_generated_columns", 18, "generated columns computed on reading"),
    ("constraint_enforcement", 18, "NOT ENFORCED foreign keys and checks"),
    ("temporal_keys", 18, "WITHOUT OVERLAPS and PERIOD in keys"),
    ("uuidv7", 18, "uuidv7()"),
    ("io_method", 18, "asynchronous reads, io_method"),
)


@dataclass(frozen=True, kw_only=True)
class ServerInfo:
    """Describe the server and the session at one moment.

    `version_num` is PostgreSQL's six-digit number (180001), `version_text` the server's own sentence.
    `edition` is "PostgreSQL" or the name of a fork that the sentence starts with. `timescaledb` is the
    version of the extension in this database, `timescaledb_license` "timescale" or "apache" where the
    server has it loaded. `extensions` maps name to version; `started_at` is in ISO form with the zone.
    """

    version_num: int
    version_text: str
    edition: str
    database: str
    user: str
    is_superuser: bool
    in_recovery: bool
    encoding: str
    collation: str
    started_at: str
    extensions: Mapping[str, str]
    timescaledb: str | None
    timescaledb_license: str | None

    @property
    def major(self) -> int:
        """Return the major version, for example 18."""
        return self.version_num // 10000

    @property
    def version(self) -> str:
        """Return the version as people write it, for example ``18.1``."""
        return f"{self.major}.{self.version_num % 10000}"

    def has(self, feature: str) -> bool:
        """Tell whether the server has a feature of `FEATURES`."""
        return has(self.version_num, feature)

    def require(self, feature: str) -> None:
        """Raise `UnsupportedServerError` unless the server has a feature of `FEATURES`."""
        require(self.version_num, feature)


def capabilities(conn: psycopg.Connection[Any]) -> ServerInfo:
    """Ask the server, in one round trip, what it is and what this session may do."""
    from pgwright.pg.sqlfiles import load_sql  # noqa: PLC0415

    major = conn.info.server_version // 10000
    with conn.cursor() as cursor:
        cursor.execute(load_sql("pgwright.pg", "server", major).encode())
        row = cursor.fetchone()
        assert row is not None and cursor.description is not None
        facts: dict[str, Any] = {
            column.name: value for column, value in zip(cursor.description, row, strict=True)
        }
    return ServerInfo(
        **{**facts, "extensions": MappingProxyType(facts["extensions"] or {})},
        edition=_edition(facts["version_text"]),
        timescaledb=(facts["extensions"] or {}).get("timescaledb"),
    )


def has(server: psycopg.Connection[Any] | ServerInfo | int, feature: str) -> bool:
    """Tell whether a server has a feature of `FEATURES`; `server` may be its six-digit version number.

    Raises `KeyError` for a feature that the table does not name.
    """
    return _version_num(server) // 10000 >= FEATURES[feature].since


def require(server: psycopg.Connection[Any] | ServerInfo | int, feature: str) -> None:
    """Raise `UnsupportedServerError` (feature, have, need) unless the server has the feature."""
    if not has(server, feature):
        wanted = FEATURES[feature]
        raise UnsupportedServerError(
            f"this server lacks {feature.replace('_', ' ')}: {wanted.reason}",
            detail=f"have {_version_num(server) // 10000}, need {wanted.since}; nothing was changed",
            hint=f"upgrade the server to PostgreSQL {wanted.since} or later, or leave the feature out",
        )


def _version_num(server: psycopg.Connection[Any] | ServerInfo | int) -> int:
    if isinstance(server, int):
        return server
    return server.version_num if isinstance(server, ServerInfo) else server.info.server_version


def _edition(version_text: str) -> str:
    return version_text.split(" ", 1)[0]
