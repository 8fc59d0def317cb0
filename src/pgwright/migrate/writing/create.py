"""Write a migration, and prove it before it stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pgwright.config import Project
from pgwright.errors import PgwrightError, RehearsalFailed
from pgwright.migrate.writing.alembic_body import write_body
from pgwright.migrate.writing.draft import Bench, Draft, bench
from pgwright.model.plan import Plan

_UNTOUCHED = "no file was left, and no database was changed"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Say what the new migration is to be called and where it belongs.

    `options` are the tool's own: `head`, `rev_id`, `branch_label`, `splice`, `version_path`, `depends_on` of
    Alembic, `app` of Django.
    """

    message: str
    renames: tuple[str, ...] = ()
    online: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Written:
    """Report a file that was written, the plans in it, and what they leave out."""

    revision: str
    path: Path
    follows: tuple[str, ...]
    plan: Plan | None = None
    back: Plan | None = None
    notes: tuple[str, ...] = ()


def write_empty(project: Project, wish: Wish) -> tuple[Written, ...]:
    """Write a migration that does nothing yet. Raises `RevisionError` and `WriteRefused`."""
    with bench(project) as here:
        return (_written(here.run("write", options={**wish.options, "message": wish.message})),)


def write_alembic(project: Project, here: Bench, draft: Draft, wish: Wish) -> Written:
    """Write the revision for a draft, run it there and back on scratch, and return what was written.

    `here` is where the migrations ran up to now. Where Alembic's own operations turn out not to be exact,
    the same plan is written as SQL. Raises `RehearsalFailed` when that does not lead to the models either; no
    file is left then.
    """
    up, down = draft.plans(wish.renames, online=wish.online, scratch=project.scratch)
    try:
        return _attempt(here, draft, wish, up, down, own=True)
    except PgwrightError:
        with bench(project) as again:
            again.upgrade()
            return _attempt(again, draft, wish, up, down, own=False)


def _attempt(here: Bench, draft: Draft, wish: Wish, up: Plan, down: Plan, *, own: bool) -> Written:
    before, after = draft.comparison.before, draft.comparison.after
    body = write_body(up, down, before, after, own=own)
    code = {"upgrade": body.upgrade, "downgrade": body.downgrade, "imports": list(body.imports)}
    made = _written(here.run("write", options={**wish.options, **code, "message": wish.message}))
    try:
        _prove(here, draft, made)
    except BaseException:
        made.path.unlink(missing_ok=True)
        raise
    notes = (*draft.comparison.notes, *up.notes)
    return Written(
        revision=made.revision, path=made.path, follows=made.follows, plan=up, back=down, notes=notes
    )


def _prove(here: Bench, draft: Draft, made: Written) -> None:
    """Run what was written up to the end and back."""
    try:
        end = here.upgrade()
        _require_none(draft.missed(end), f"revision {made.revision} does not lead to the models")
        here.run("downgrade", made.follows[0] if made.follows else here.tool.oldest)
        _require_none(draft.left(here.read()), f"the way back of {made.revision} leaves something else")
    except PgwrightError as exc:
        if not isinstance(exc, RehearsalFailed):
            exc.detail = "; ".join(part for part in (f"tried on scratch, {_UNTOUCHED}", exc.detail) if part)
        raise


def _require_none(differences: Sequence[Any], what: str) -> None:
    if differences:
        shown = "; ".join(map(str, differences[:5]))
        raise RehearsalFailed(
            what,
            detail=f"{shown}; {_UNTOUCHED}",
            hint="write an empty one and fill it by hand: pgwright migrate create -m MESSAGE",
        )


def _written(answer: Mapping[str, Any]) -> Written:
    return Written(revision=answer["revision"], path=Path(answer["path"]), follows=tuple(answer["follows"]))
