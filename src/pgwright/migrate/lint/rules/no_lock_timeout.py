"""Locks that are waited for without end."""

from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity

_WHERE = {
    "alembic": 'in env.py: connect_args={"options": "-c lock_timeout=2s"}',
    "django": 'in the settings: "OPTIONS": {"options": "-c lock_timeout=2s"}',
}


def find(linted: Linted) -> Iterator[Remark]:
    """Yield the first strong lock, where neither the project nor the migration limits the wait for it."""
    first = next((s for s in linted.statements if s.blocked), None)
    if first is not None and not linted.is_limited and "lock_timeout" not in linted.text:
        yield Remark(
            message=f"run by its tool alone it waits for {first.blocked[0]} without end, and all who come "
            f"after it wait behind it: {first.short}",
            hint=f"run it with pgwright migrate upgrade, which sets a limit; or {_WHERE[linted.tool]}",
            tables=first.blocked,
            line=first.line,
        )


RULE = Rule(id="no_lock_timeout", title="waits for locks have a limit", severity=Severity.INFO, find=find)
