"""How changes, plans and rehearsals look on a terminal and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pgwright.cli.encode import Verbatim
from pgwright.cli.output import Output
from pgwright.cli.schema.summary import Uses, show_summary, summary_facts
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.diff.apply import Applied
    from pgwright.diff.proposal import Proposal
    from pgwright.diff.rehearse import Rehearsal
    from pgwright.diff.watcher import Observation
    from pgwright.model.change import Change
    from pgwright.model.plan import Plan

_SIGNS = {"create": "+", "alter": "~", "drop": "-"}
_WAYS_BACK = {"data-lost": "the structure returns, the data does not", "impossible": "there is none"}
_STYLES = {"create": "green", "alter": "yellow", "drop": "red"}


def show_notes(out: Output, notes: Iterable[str]) -> None:
    """Say on stderr what did not take part."""
    for note in notes:
        out.remark(note)


def show_changes(out: Output, changes: Sequence[Change], *, summary: bool = False) -> None:
    """Print one line for each object that differs, parts of new or dropped ones left out.

    Where there is none, that is said on stderr: the result is empty.
    """
    from pgwright.diff.compare import summarise

    if not changes:
        out.remark("no differences")
        return
    counted = Counter((str(c.op), c.id.kind.replace("_", " ")) for c in changes)
    if summary:
        out.table(("change", "kind", "objects"), [(op, kind, n) for (op, kind), n in sorted(counted.items())])
        return
    shown = tuple(summarise(changes))
    for change in shown:
        out.line(f"{_SIGNS[change.op]} {change.id}", style=_STYLES[change.op])
        for name, before, after in change.values:
            out.line(f"    {name.replace('_', ' ')}: {before} -> {after}")
    out.line()
    counts = Counter(str(c.op) for c in shown)
    out.line(", ".join(f"{counts[op]} to {op}" for op in ("create", "alter", "drop") if counts[op]))


def show_plan(
    out: Output, proposal: Proposal, uses: Uses | None = None, *, allow: Collection[str] = ()
) -> None:
    """Print the steps with lock, rewrite and hazards, what the rehearsal saw, and what it all comes to."""
    if not proposal.plan:
        out.line("nothing to do: the database is what it should be")
        return
    show_steps(out, proposal.plan)
    out.line()
    out.line(f"{counted(len(proposal.plan.steps), 'step')}, {said_of(proposal.rehearsal)}")
    show_summary(out, proposal.plan, uses or {}, allow=allow)


def show_steps(out: Output, plan: Plan) -> None:
    """Print the steps of a plan with phase, lock, rewrite, hazards, and what the way back leaves out."""
    from pgwright.model.plan import Reversibility

    for step in plan.steps:
        out.line(f"{step.id}. {step.summary} ({step.phase.value})", style="bold")
        for line in step.sql.splitlines():
            out.verbatim(f"     {line}")
        if step.lock and step.locks_on:
            out.line(f"   lock: {step.lock.value} on {', '.join(i.path for i in step.locks_on)}")
        if step.rewrites:
            out.line(f"   rewrites: {', '.join(i.path for i in step.rewrites)}", style="yellow")
        for hazard in step.hazards:
            out.line(f"   {hazard.code.value}: {hazard.message}", style="red")
            if hazard.hint:
                out.line(f"      {hazard.hint}")
        if step.reversibility is not Reversibility.LOSSLESS:
            out.line(f"   way back: {_WAYS_BACK[step.reversibility.value]}", style="red")


def show_applied(out: Output, done: Applied) -> None:
    """Print what an apply did, and what still differs."""

    def render() -> None:
        show_notes(out, done.notes)
        if done.remaining:
            steps = counted(done.steps, "step")
            out.line(f"run {done.run.id}: {steps} done, but the database is not yet the target:")
            show_changes(out, done.remaining)
        else:
            out.line(
                f"run {done.run.id}: {counted(done.steps, 'step')} done; the database is what it should be"
            )

    facts = {"run": done.run.id, "steps": done.steps, "remaining": change_facts(done.remaining)}
    out.result({**facts, "notes": done.notes}, render)


def show_nothing_to_do(out: Output, notes: Iterable[str]) -> None:
    """Print that an apply has nothing to do, in the form that `show_applied` has."""
    facts = {"run": None, "steps": 0, "remaining": [], "notes": list(notes)}
    out.result(facts, lambda: out.line("nothing to do: the database is what it should be"))


def said_of(rehearsal: Rehearsal | None) -> str:
    """Say in a few words what is known of a plan."""
    if rehearsal is None:
        return "not rehearsed"
    return "rehearsed on scratch: target reached, locks as declared"


def change_facts(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """Return changes as plain data."""
    return [
        {
            "op": str(c.op),
            "kind": c.id.kind,
            "name": c.id.path,
            "fields": [{"field": f, "before": str(b), "after": str(a)} for f, b, a in c.values],
        }
        for c in changes
    ]


def plan_facts(plan: Plan, rehearsal: Rehearsal | None = None, uses: Uses | None = None) -> dict[str, Any]:
    """Return a plan as plain data."""
    observed = {o.step: o for o in rehearsal.observations} if rehearsal else {}
    return {
        "from": plan.from_digest,
        "to": plan.to_digest,
        "rehearsed": rehearsal is not None,
        "notes": list(plan.notes),
        "summary": summary_facts(plan, uses or {}),
        "steps": [
            {
                "id": s.id,
                "summary": s.summary,
                "sql": Verbatim(s.sql),
                "lock": s.lock.value if s.lock else None,
                "locks_on": [i.path for i in s.locks_on],
                "rewrites": [i.path for i in s.rewrites],
                "hazards": [{"code": h.code.value, "message": h.message, "hint": h.hint} for h in s.hazards],
                "reversibility": s.reversibility.value,
                "transactional": s.transactional,
                "phase": s.phase.value,
                "batch": s.batch,
                "observed_locks": _observed(observed.get(s.id)),
            }
            for s in plan.steps
        ],
    }


def _observed(observation: Observation | None) -> dict[str, str] | None:
    if observation is None:
        return None
    return {path: mode.value for path, mode in observation.locks.items()}
