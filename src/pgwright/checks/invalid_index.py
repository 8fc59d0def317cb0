"""An index that a failed build left behind: it costs every write and serves no query."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import amount, quoted
from pgwright.model.finding import Finding, Severity

# What REINDEX CONCURRENTLY calls its copies; one that is left over is of no use.
_COPY = re.compile(r"_cc(?:new|old)\d*$")


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        name = quoted(row["schema"], row["name"])
        if row["partitioned"]:
            hint = (
                f"build it on each partition of {quoted(row['schema'], row['table'])} that lacks it, then: "
                f"ALTER INDEX {name} ATTACH PARTITION ..."
            )
        elif _COPY.search(row["name"]):
            hint = f"DROP INDEX CONCURRENTLY {name};"
        else:
            hint = f"REINDEX INDEX CONCURRENTLY {name};"
            if row["is_unique"]:
                hint += " (remove the duplicate rows first; its error names one)"
        yield CHECK.finding(
            f"{row['schema']}.{row['name']}",
            f"index {row['schema']}.{row['name']} on {row['table']} is invalid: it slows writes and serves "
            + ("no query" + (", nor does it keep rows unique" if row["is_unique"] else "")),
            hint=hint,
            table=row["table"],
            size=amount(row["size_bytes"]),
            is_unique=row["is_unique"],
        )


CHECK = Check(
    id="invalid_index",
    title="indexes are invalid",
    scope=Scope.DATABASE,
    severity=Severity.WARNING,
    query="invalid_index",
    evaluate=_evaluate,
)
