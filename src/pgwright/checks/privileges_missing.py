"""The role that pgwright and the application connect as lacks privileges on part of a schema."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import listed, quoted
from pgwright.model.finding import Finding, Severity
from pgwright.model.wording import counted


def _evaluate(rows: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    role = situation.server.user
    for (kind, schema), group in groupby(rows, key=lambda row: (row["kind"], row["schema"])):
        names = [row["name"] for row in group]
        objects = ", ".join(quoted(schema, name) for name in names[:20])
        if kind == "schema":
            message = f"role {role} may not use schema {schema}, though it has privileges on tables in it"
            grant = f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {quoted(role)};"
        elif kind == "table":
            message = (
                f"role {role} has no privilege on {counted(len(names), 'table')} of schema {schema} "
                f"({listed(names)})"
            )
            grant = (
                f"as the owner: GRANT SELECT ON {objects} TO {quoted(role)}; for tables made later: ALTER "
                f"DEFAULT PRIVILEGES IN SCHEMA {quoted(schema)} GRANT SELECT ON TABLES TO {quoted(role)};"
            )
        else:
            message = (
                f"role {role} may insert into tables of schema {schema} but not draw their keys "
                f"({listed(names)}): every insert fails"
            )
            grant = f"as the owner: GRANT USAGE ON SEQUENCE {objects} TO {quoted(role)};"
        yield CHECK.finding(schema, message, hint=grant, kind=kind, names=names)


CHECK = Check(
    id="privileges_missing",
    title="the role lacks privileges on part of a schema",
    scope=Scope.DATABASE,
    severity=Severity.WARNING,
    query="privileges_missing",
    applies=lambda situation: not situation.server.is_superuser,
    evaluate=_evaluate,
)
