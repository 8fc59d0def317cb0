"""What a plan comes to, for whoever decides whether it is applied: the end of what `plan` prints."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pgwright.cli.output import Output, size
from pgwright.model.plan import HazardCode, Plan, Reversibility, Step
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.model.names import ObjectId
    from pgwright.observe.tables import TableUse

Uses = Mapping[str, "TableUse"]

_SHOWN = 12

# The first words of what steps say of themselves; all others change something.
_DEEDS = {
    "create": "make",
    "add": "make",
    "build": "make",
    "install": "make",
    "comment": "make",
    "rename": "rename",
    "drop": "drop",
}


def uses_at(url: str, plan: Plan) -> Uses:
    """Return by path what tables take; nothing where the plan writes none anew and deletes from none."""
    if not (_written_anew(plan) or _deleted_from(plan)):
        return {}
    from pgwright.observe.tables import tables
    from pgwright.pg.connect import connect

    with connect(url) as conn:
        return {use.path: use for use in tables(conn)}


def show_summary(out: Output, plan: Plan, uses: Uses, *, allow: Collection[str] = ()) -> None:
    """Print the hazards with their steps, what is written anew or deleted, and what the way back lacks.

    A long plan begins with what it does, in numbers. At last come the hazards without which, as they are not
    in `allow`, nothing is applied.
    """
    if len(plan.steps) > _SHOWN:
        out.line(_in_numbers(plan))
    found = _by_hazard(plan)
    if found:
        rows = [(code.value, len(ids), _listed(ids)) for code, ids in found.items()]
        out.table(("hazard", "steps", "which"), rows)
    if written := _written_anew(plan):
        out.line(f"written anew while nobody can read or write: {_sized(written, uses)}", style="yellow")
    if deleted := _deleted_from(plan):
        out.line(f"deleted from: {_sized(deleted, uses)}", style="red")
    out.line(_said_of_the_way_back(plan))
    if refused := _refused(plan, allow):
        out.line(f"apply refuses this without {' '.join(f'--allow {code}' for code in refused)}", style="red")


def summary_facts(plan: Plan, uses: Uses) -> dict[str, Any]:
    """Return the same as plain data."""
    return {
        "hazards": {code.value: ids for code, ids in _by_hazard(plan).items()},
        "written_anew": [_facts(path, uses) for path in _written_anew(plan)],
        "deleted_from": [_facts(path, uses) for path in _deleted_from(plan)],
        "data_lost_on_the_way_back": _lossy(plan),
        "to_allow": _refused(plan),
    }


def _in_numbers(plan: Plan) -> str:
    """Return how many objects of each kind the steps make, rename, change and drop."""
    about: dict[str, dict[str, set[ObjectId]]] = {}
    for step in plan.steps:
        deed = _DEEDS.get(step.summary.partition(" ")[0], "change")
        about.setdefault(deed, {}).setdefault(step.subject.kind, set()).add(step.subject)
    made = about.get("make", {})
    for kind, ids in about.get("change", {}).items():
        # What is only finished after it was made is no second one.
        ids.difference_update(made.get(kind, ()))
    said = []
    for deed in ("make", "rename", "change", "drop"):
        kinds = sorted(about.get(deed, {}).items(), key=lambda found: (-len(found[1]), found[0]))
        numbers = [_counted_kind(len(ids), kind) for kind, ids in kinds if ids]
        if numbers:
            said.append(f"{deed} {', '.join(numbers)}")
    return "; ".join(said)


def _counted_kind(count: int, kind: str) -> str:
    noun = kind.replace("_", " ")
    endings = {"x": f"{noun}es", "y": f"{noun[:-1]}ies", "s": noun}
    return counted(count, noun, endings.get(noun[-1]))


def _by_hazard(plan: Plan) -> dict[HazardCode, list[str]]:
    """Return the steps that have each hazard, the gravest first."""
    found = {code: [s.id for s in plan.steps if code in _codes(s)] for code in HazardCode}
    return {code: ids for code, ids in found.items() if ids}


def _codes(step: Step) -> set[HazardCode]:
    return {hazard.code for hazard in step.hazards}


def _written_anew(plan: Plan) -> list[str]:
    """Return the tables whose rows are all written again: by one statement, or by copying them."""
    found = (
        id
        for step in plan.steps
        for id in (step.rewrites or ([step.subject.root] if HazardCode.REWRITES in _codes(step) else []))
    )
    return list(dict.fromkeys(id.path for id in found))


def _deleted_from(plan: Plan) -> list[str]:
    found = (step.subject for step in plan.steps if HazardCode.DELETES_DATA in _codes(step))
    return list(dict.fromkeys(id.path for id in found))


def _lossy(plan: Plan) -> list[str]:
    return [step.id for step in plan.steps if step.reversibility is not Reversibility.LOSSLESS]


def _refused(plan: Plan, allow: Collection[str] = ()) -> list[str]:
    return sorted({hazard.code.value for hazard in plan.refused(allow)})


def _said_of_the_way_back(plan: Plan) -> str:
    lossy = _lossy(plan)
    if not lossy:
        return "the way back keeps all data"
    steps = f"step{'s' if lossy[1:] else ''} {_listed(lossy)}"
    return f"the way back restores the structure, not the data of {steps}"


def _listed(words: Iterable[str]) -> str:
    found = list(words)
    return ", ".join(found[:_SHOWN]) + (" …" if len(found) > _SHOWN else "")


def _sized(paths: list[str], uses: Uses) -> str:
    # The largest first: those are what takes the time.
    ordered = sorted(paths, key=lambda path: -uses[path].total_bytes if path in uses else 1)
    return _listed(f"{path} ({_said_of(uses[path])})" if path in uses else path for path in ordered)


def _said_of(use: TableUse) -> str:
    rows = "" if use.estimated_rows is None else f", about {counted(use.estimated_rows, 'row')}"
    return f"{size(use.total_bytes)}{rows}"


def _facts(path: str, uses: Uses) -> dict[str, Any]:
    use = uses.get(path)
    return {
        "name": path,
        "bytes": use.total_bytes if use else None,
        "rows": use.estimated_rows if use else None,
    }
