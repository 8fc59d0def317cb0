"""Which objects of migrations the models declared: a comment in the file that made them says so.

A view that was made by a statement in a migration may be nobody's business but that migration's. One that the
models declared is theirs, also when they declare it no longer: then it is to be dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pgwright.migrate.revisions.graph import Revision
from pgwright.model.change import Change, Op
from pgwright.model.policy import POLICY_KINDS

_COMMENT = re.compile(r"^\s*# pgwright: declared (?P<what>\S.*?)\s*$", re.MULTILINE)
# The models always speak of these.
_OF_TABLES = frozenset(
    {
        "table",
        "column",
        "default",
        "constraint",
        "index",
        "sequence",
        "sequence_owner",
        "enum",
        "owner",
        "schema",
    }
    | {"comment", *POLICY_KINDS}
)


def declared_comments(changes: Iterable[Change]) -> Iterator[str]:
    """Yield the comments of a migration that carries the changes out."""
    for change in changes:
        if change.op is not Op.DROP and change.id.kind not in _OF_TABLES:
            yield f"# pgwright: declared {change.id}"


def declared_in(revisions: Iterable[Revision]) -> frozenset[str]:
    """Return what the files say, as objects are shown: ``view public.active_users``."""
    texts = (r.path.read_text(encoding="utf-8") for r in revisions if r.path.is_file())
    return frozenset(match["what"] for text in texts for match in _COMMENT.finditer(text))
