"""Write a migration, and prove it before it stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pgwright.config import Project
from pgwright.errors import HazardRefused, PgwrightError, RehearsalFailed, RevisionError, WriteRefused
from pgwright.migrate.writing.alembic_body import write_body
from pgwright.migrate.writing.django_body import write_steps
from pgwright.migrate.writing.draft import Bench, Draft, bench
from pgwright.migrate.writing.way import Way
from pgwright.model.plan import Hazard, HazardCode

Ask = Callable[[Sequence[str]], Sequence[str]]
Accept = Callable[[Sequence[Hazard]], None]

_NOT_EXACT = "Alembic's own operations did not lead to the models exactly: all steps are written as SQL"
_UNTOUCHED = "no file was left, and no database was changed"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Say what the new migration is to be called and where it belongs.

    `renames` are told, `refused` are none (``*``: nothing is one). `options` are the tool's own: `head`,
    `rev_id`, `branch_label`, `splice`, `version_path`, `depends_on` of Alembic, `app` of Django.
    """

    message: str
    renames: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    online: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Written:
    """Report a file that was written, and what it does step by step."""

    revision: str
    path: Path
    follows: tuple[str, ...]
    steps: tuple[tuple[str, tuple[Hazard, ...]], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Writing:
    """Report the files that were written, and what they leave out."""

    files: tuple[Written, ...] = ()
    notes: tuple[str, ...] = ()


def write_empty(project: Project, wish: Wish) -> Writing:
    """Write a migration that does nothing yet. Raises `RevisionError`, `WriteRefused` and `UsageError`."""
    with bench(project) as here:
        answer = here.run("write", options={**wish.options, "message": wish.message, "given": True})
    return Writing(files=_written(answer))


def write_alembic(project: Project, here: Bench, draft: Draft, wish: Wish, *, accept: Accept) -> Writing:
    """Write the revision for a draft, run it there and back on scratch, and return what was written.

    `accept` is given the hazards that somebody has to accept first, and raises where nobody does. `here` is
    where the migrations ran up to now. Where Alembic's own operations turn out not to be exact, the same plan
    is written as SQL. Raises `RehearsalFailed` when that does not lead to the models either; no file is left
    then.
    """
    up, down = draft.ways(wish.renames, online=wish.online, scratch=project.scratch)
    accept(up.plan.refused())
    try:
        return _attempt(here, draft, wish, up, down, own=True)
    except (RevisionError, WriteRefused):
        raise
    except PgwrightError:
        with bench(project) as again:
            again.upgrade()
            written = _attempt(again, draft, wish, up, down, own=False)
        return replace(written, notes=(*written.notes, _NOT_EXACT))


def _attempt(here: Bench, draft: Draft, wish: Wish, up: Way, down: Way, *, own: bool) -> Writing:
    body = write_body(up, down, draft.declared, own=own)
    code = {"upgrade": body.upgrade, "downgrade": body.downgrade, "imports": list(body.imports)}
    made = _written(here.run("write", options={**wish.options, **code, "message": wish.message}))
    with _kept_if_proven(made):
        _require_none(
            draft.missed(here.upgrade()), f"revision {made[0].revision} does not lead to the models"
        )
        _prove_back(here, draft, made)
    notes = dict.fromkeys((*draft.comparison.notes, *up.plan.notes))
    return Writing(files=(replace(made[0], steps=up.summaries),), notes=tuple(notes))


def write_django(
    project: Project, here: Bench, draft: Draft, wish: Wish, *, ask: Ask, accept: Accept
) -> Writing:
    """Write what Django's autodetector finds, then what is left to the models as statements.

    `ask` is given renames that may be and returns those that are; `accept` is that of `write_alembic`. All of
    it is run there and back on scratch. Raises `RehearsalFailed` when it does not lead to the models; no file
    is left then.
    """
    options = {**wish.options, "message": wish.message, "online": wish.online}
    options |= {"renames": list(wish.renames), "refused": list(wish.refused)}
    answer = here.run("write", options=options)
    if questions := answer.get("questions"):
        told = list(ask(questions))
        others = [question for question in questions if question not in told]
        options |= {"renames": [*wish.renames, *told], "refused": [*wish.refused, *others]}
        answer = here.run("write", options=options)
    made = list(_written(answer))
    with _kept_if_proven(made):
        accept(_losses(answer["lost"]))
        end = here.upgrade() if made else draft.comparison.before
        if draft.missed(end):
            rest = draft.since(end)
            ways = rest.ways((), online=wish.online, scratch=project.scratch)
            accept(ways[0].plan.refused())
            made += _rest(here, rest, wish, ways, made)
            _require_none(draft.missed(here.upgrade()), "the migrations do not lead to the models")
        _prove_back(here, draft, made)
    notes = (*draft.comparison.notes, *_elsewhere(project, answer["elsewhere"]))
    return Writing(files=tuple(made), notes=notes)


def _rest(
    here: Bench, draft: Draft, wish: Wish, ways: tuple[Way, Way], made: Sequence[Written]
) -> tuple[Written, ...]:
    """Write what Django has no operations for; its place is behind what Django wrote."""
    up, down = ways
    code, imports, atomic = write_steps(up.plan, down.plan)
    options = {
        "given": True,
        "app": wish.options.get("app"),
        "near": made[-1].revision.partition(".")[0] if made else None,
        "message": f"{wish.message} steps" if made else wish.message,
        "code": code,
        "imports": list(imports),
        "comments": list(draft.declared),
        "atomic": atomic,
        "needs_all": True,
    }
    (one,) = _written(here.run("write", options=options))
    return (replace(one, steps=up.summaries),)


def _elsewhere(project: Project, changed: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield what to type for apps that changed as well and that routers keep out of this database."""
    names = {database.django_alias: database.name for database in project.databases}
    for label, aliases in changed.items():
        known = [names[alias] for alias in aliases if alias in names]
        yield f"{label} changed as well, in another database: " + (
            f"pgwright --database {known[0]} migrate create"
            if known
            else f'name it in pgwright.toml with django_alias = "{aliases[0]}"'
        )


def _losses(lost: Sequence[str]) -> list[Hazard]:
    """Return a hazard for each model or field whose values a migration of Django's own deletes."""
    return [
        Hazard(code=HazardCode.DELETES_DATA, message=f"the values of {name} are deleted") for name in lost
    ]


@contextmanager
def _kept_if_proven(made: Sequence[Written]) -> Iterator[None]:
    """Remove the files again when the block fails."""
    try:
        yield
    except BaseException as exc:
        for one in made:
            one.path.unlink(missing_ok=True)
        if isinstance(exc, PgwrightError) and not isinstance(exc, RehearsalFailed | HazardRefused):
            exc.detail = "; ".join(part for part in (f"tried on scratch, {_UNTOUCHED}", exc.detail) if part)
        raise


def _prove_back(here: Bench, draft: Draft, made: Sequence[Written]) -> None:
    for one in reversed(made):
        here.run("downgrade", one.follows[0] if one.follows else here.tool.oldest)
    if made:
        what = f"the way back of {', '.join(one.revision for one in made)} leaves something else"
        _require_none(draft.left(here.read()), what)


def _require_none(differences: Sequence[Any], what: str) -> None:
    if differences:
        shown = "; ".join(map(str, differences[:5]))
        raise RehearsalFailed(
            what,
            detail=f"{shown}; {_UNTOUCHED}",
            hint="write an empty one and fill it by hand: pgwright migrate create -m MESSAGE",
        )


def _written(answer: Mapping[str, Any]) -> tuple[Written, ...]:
    return tuple(
        Written(
            revision=one["revision"],
            path=Path(one["path"]),
            follows=tuple(one["follows"]),
            steps=tuple((step, ()) for step in one.get("steps", ())),
        )
        for one in answer["written"]
    )
