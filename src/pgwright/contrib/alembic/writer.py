"""Write a revision file with the project's own template, in the process that runs its revisions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError, rev_id

from pgwright.errors import RevisionError, WriteRefused
from pgwright.migrate.messages import Order
from pgwright.migrate.worker.child import Orders

_HEADS = 'join them first: alembic merge heads -m "merge"; or name the one to follow: --head REVISION'
_HISTORY = "see the revisions: pgwright migrate history"


class Careful(ScriptDirectory):
    """Be a folder of revisions in which no file is ever overwritten."""

    def _generate_template(self, src: Any, dest: Any, **names: Any) -> None:
        if Path(dest).exists():
            raise WriteRefused(
                f"{dest} exists already",
                detail="nothing was written",
                hint="give another message or --rev-id, or use %(rev)s in file_template of alembic.ini",
            )
        super()._generate_template(src, dest, **names)


def write(order: Order, orders: Orders) -> dict[str, Any]:
    """Write a revision and return its id, its path and what it follows.

    ``order.options`` holds `message`, the code `upgrade`, `downgrade` and `imports`, and what people may
    choose: `head`, `splice`, `branch_label`, `rev_id`, `version_path`, `depends_on`.
    """
    chosen = order.options
    config = Config(str(chosen["ini"]))
    script = ScriptDirectory.from_config(config)
    # `from_config` makes the plain class, whichever it is called on.
    script.__class__ = Careful
    wanted = chosen.get("rev_id") or rev_id()
    if chosen.get("rev_id") and any(known.revision == wanted for known in script.walk_revisions()):
        raise WriteRefused(
            f"there is a revision {wanted} already",
            detail="nothing was written",
            hint="give another --rev-id",
        )
    try:
        made = script.generate_revision(
            wanted,
            chosen["message"],
            head=chosen.get("head") or "head",
            splice=bool(chosen.get("splice")),
            branch_labels=chosen.get("branch_label"),
            version_path=chosen.get("version_path"),
            depends_on=chosen.get("depends_on") or None,
            config=config,
            upgrades=_inside(chosen.get("upgrade", "")),
            downgrades=_inside(chosen.get("downgrade", "")),
            imports="\n".join(chosen.get("imports", ())),
        )
    except CommandError as exc:
        hint = _HISTORY if "locate revision" in str(exc) else _HEADS
        raise RevisionError(str(exc).rstrip("."), detail="nothing was written", hint=hint) from exc
    assert made is not None
    down = made.down_revision
    follows = [down] if isinstance(down, str) else list(down or ())
    return {"written": [{"revision": made.revision, "path": str(made.path), "follows": follows}]}


def _inside(code: str) -> str:
    """Return the code as a template takes it: its first line stands where the function's body begins."""
    from pgwright.migrate.writing.code import indent

    return indent(code).removeprefix("    ") if code else ""
