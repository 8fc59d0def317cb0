"""A default that changes under a running application."""

import re
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity

_CHANGED = re.compile(
    r"\s*ALTER\s+TABLE\b.*\bALTER\s+(?:COLUMN\s+)?(?P<column>[\w\"]+)\s+(?P<what>SET|DROP)\s+DEFAULT\b\s*(?P<value>.*)",
    re.IGNORECASE | re.DOTALL,
)
_VOLATILE = re.compile(
    r"\b(?:clock_timestamp|timeofday|random|gen_random_uuid|uuid_generate_\w+|uuidv7)\s*\(", re.IGNORECASE
)


def find(linted: Linted) -> Iterator[Remark]:
    """Yield changes of the defaults of tables that stood before."""
    for statement in linted.statements:
        found = _CHANGED.match(statement.sql)
        if found is None or not statement.touched:
            continue
        volatile = bool(_VOLATILE.search(found["value"]))
        what = "gets none" if found["what"].upper() == "DROP" else "gets another one"
        yield Remark(
            message=f"running code that leaves {found['column']} out {what} from here on"
            + (
                "; rows that exist keep what they have, each new one has a value of its own"
                if volatile
                else ""
            )
            + f": {statement.short}",
            hint="see that code of before and after can bear it, or give the value in code first",
            tables=statement.touched,
            line=statement.line,
        )


RULE = Rule(
    id="default_changed",
    title="defaults change when no code relies on them",
    severity=Severity.INFO,
    find=find,
)
