"""`pgwright copy`: bring a database to another server, and prove that it arrived."""

from __future__ import annotations

import shlex
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import click

from pgwright.cli.context import Invocation
from pgwright.cli.copy.check import check
from pgwright.cli.copy.follow import begin, follows, steer
from pgwright.cli.databases import database_of
from pgwright.cli.group import command as top_command
from pgwright.cli.group import pass_invocation
from pgwright.cli.output import duration, size
from pgwright.cli.progress import Bars, bars
from pgwright.cli.schema.sources import selection_options, workshop_of
from pgwright.cli.verify import show_verification, verification_facts
from pgwright.errors import CopyDiffers, UsageError
from pgwright.model.wording import counted
from pgwright.pg.redact import safe_url

if TYPE_CHECKING:
    from pgwright.config import Database
    from pgwright.transfer.copy.choice import Choice
    from pgwright.transfer.copy.copy import Copied, Manner
    from pgwright.transfer.copy.load import Progress

_UNITS = {"": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}


@top_command("copy")
@click.argument("source", metavar="SRC")
@click.argument("target", metavar="DST")
@click.option("--resume", is_flag=True, help="Go on with the unfinished copy of DST.")
@click.option(
    "--check", is_flag=True, help="Only look at what stands in the way; exit code 1 when something does."
)
@click.option(
    "--follow", is_flag=True, help="Keep DST up to date from then on; again: show how far it is behind."
)
@click.option("--switch", is_flag=True, help="Stop writes at SRC, let DST catch up, and end the following.")
@click.option("--stop", is_flag=True, help="End the following, and remove all of it.")
@click.option("--seen-as", metavar="URL", help="SRC as the server of DST reaches it, to follow.")
@selection_options
@click.option("--schema-only", is_flag=True, help="Bring the schema and no rows.")
@click.option("--data-only", is_flag=True, help="Bring rows into tables that DST has, and that are empty.")
@click.option("--existing", is_flag=True, help="Copy beside what DST holds already.")
@click.option(
    "--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Work in so many at once."
)
@click.option("--rate", metavar="SIZE", help="Read at most so much a second: 20MB.")
@click.option("--no-verify", is_flag=True, help="Do not compare the two sides at the end.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--production", metavar="NAME", help="Name the production database that this may fill.")
@pass_invocation
def command(invocation: Invocation, /, source: str, target: str, **chosen: Any) -> None:
    """Copy the database SRC into DST, which must be empty; then compare the two.

    SRC and DST are names of databases in pgwright.toml, or their URLs. SRC is only read, as of one moment.
    Killed or cut off, go on with --resume: what is finished is not done again.

    Example: pgwright copy old new --exclude 'public.audit_*'
    """
    from pgwright.transfer.copy.copy import copy_database, require_two_places, resume_copy

    _one_of(chosen)
    sides = database_of(invocation, source), database_of(invocation, target)
    require_two_places(sides[0].url, sides[1].url)
    choice, rate = _choice(chosen), _rate(chosen["rate"])
    if chosen["check"]:
        check(invocation, sides, choice, jobs=chosen["jobs"])
        return
    invocation.refuse_production_of(sides[1], "filling tables", named=chosen["production"])
    if chosen["stop"] or chosen["switch"] or (chosen["follow"] and follows(sides)):
        with bars(invocation.output) as shown:
            manner = _manner(invocation, shown, chosen)
            steer(invocation, sides, choice, manner, chosen)
        return
    _announce(invocation, sides, choice, resume=chosen["resume"])
    invocation.confirm(f"Fill {sides[1].name}?", yes=chosen["yes"] or chosen["resume"])
    invocation.state_left = f"finished parts stay; go on with: pgwright copy {source} {target} --resume"
    with bars(invocation.output) as shown:
        manner = replace(_manner(invocation, shown, chosen), rate=rate)
        urls = sides[0].url, sides[1].url
        if chosen["follow"]:
            done = begin(*urls, choice, manner, chosen)
        else:
            done = resume_copy(*urls, manner) if chosen["resume"] else copy_database(*urls, choice, manner)
    _show(invocation, done, source, target, following=choice if chosen["follow"] else None)


def _one_of(chosen: dict[str, Any]) -> None:
    """Refuse verbs that exclude each other; --resume goes with --follow."""
    verbs = [name for name in ("check", "follow", "switch", "stop") if chosen[name]]
    if len(verbs) > 1:
        raise UsageError(f"--{verbs[0]} and --{verbs[1]} exclude each other", hint="leave one of them out")


def _choice(chosen: dict[str, Any]) -> Choice:
    from pgwright.transfer.copy.choice import Choice

    if chosen["schema_only"] and chosen["data_only"]:
        raise UsageError(
            "--schema-only and --data-only exclude each other", hint="leave both out to copy everything"
        )
    what: Literal["all", "schema", "data"]
    what = "schema" if chosen["schema_only"] else "data" if chosen["data_only"] else "all"
    return Choice(
        schemas=chosen["schemas"],
        include=chosen["include"],
        exclude=chosen["exclude"],
        what=what,
        owners=not chosen["no_owner"],
        privileges=not chosen["no_privileges"],
        existing=chosen["existing"],
    )


def _announce(
    invocation: Invocation, sides: tuple[Database, Database], choice: Choice, *, resume: bool
) -> None:
    """Say what will happen before anything does."""
    from pgwright.pg.connect import connect
    from pgwright.transfer.copy.hypertables import becoming_plain

    if invocation.output.json:
        return
    what = {"all": "schema and rows", "schema": "the schema only", "data": "rows only"}[choice.what]
    patterns = (*choice.schemas, *choice.include, *(f"not {pattern}" for pattern in choice.exclude))
    of = f" of {', '.join(patterns)}" if patterns else ""
    verb = "go on with the copy of" if resume else f"copy {what}{of} from"
    invocation.output.remark(f"{verb} {sides[0].name} into {sides[1].name}", level="plan")
    if resume:
        return
    with connect(sides[0].url) as conn:
        plain = becoming_plain(conn, choice)
    if plain is not None and plain.sizes:
        invocation.output.remark(
            f"{', '.join(map(str, plain.sizes))} will be plain there, without chunks, compression and jobs; "
            "a copy of the whole database keeps hypertables",
            level="warning",
        )
    if plain is not None and plain.aggregates:
        invocation.output.remark(
            f"continuous aggregates stay behind: {', '.join(map(str, plain.aggregates))}", level="warning"
        )


def _manner(invocation: Invocation, shown: Bars, chosen: dict[str, Any]) -> Manner:
    from pgwright.transfer.copy.copy import Manner

    began = time.monotonic()

    def progress(now: Progress) -> None:
        seconds = time.monotonic() - began
        rate = now.bytes / seconds if seconds else 0
        left = (now.of_bytes - now.bytes) / rate if rate else None
        said = f"{counted(now.rows, 'row')}, {size(rate)}/s" + (f", {duration(left)} left" if left else "")
        shown.update("copied, MB", now.bytes >> 20, now.of_bytes >> 20, detail=said)
        if now.to_build:
            shown.update("built and analyzed", now.built, now.to_build)

    return Manner(
        jobs=chosen["jobs"],
        verify=not chosen["no_verify"],
        workshop=workshop_of(invocation),
        on_progress=progress,
        on_compare=lambda done, total: shown.update("parts compared", done, total),
        on_note=shown.note,
    )


def _rate(text: str | None) -> float:
    if text is None:
        return 0
    number = text.lower().removesuffix("/s").rstrip("kmgb")
    unit = text.lower().removesuffix("/s")[len(number) :]
    try:
        found = float(number) * _UNITS[unit]
    except (ValueError, KeyError):
        found = 0
    if found <= 0:
        raise UsageError(f"--rate {text} is no amount", hint="write 20MB, 500kB or 1GB")
    return found


def _filters(choice: Choice) -> str:
    """Return the options that chose a part, to be typed again: the rest is not to be compared."""
    kinds = (("schema", choice.schemas), ("include", choice.include), ("exclude", choice.exclude))
    return "".join(f" --{option} {shlex.quote(value)}" for option, values in kinds for value in values)


def _show(
    invocation: Invocation, done: Copied, source: str, target: str, *, following: Choice | None
) -> None:
    out, found = invocation.output, done.verification

    def render() -> None:
        out.line(f"copied {counted(done.rows, 'row')} of {counted(done.tables, 'table')} (run {done.run.id})")
        if found is None:
            out.line(f"not compared; do that with: pgwright verify {source} {target}")
        else:
            show_verification(out, found, source, target)
        if following is not None:
            sides, part = f"{safe_url(source)} {safe_url(target)}", _filters(following)
            out.line(f"every change follows from now on; see how far: pgwright copy {sides} --follow")
            out.line(f"when that is little, take over: pgwright copy {sides} --switch{part}")

    facts = {
        "run": done.run.id,
        "rows": done.rows,
        "tables": done.tables,
        "following": following is not None,
        "verification": None if found is None else verification_facts(found),
    }
    if found is None or found.agrees:
        out.result(facts, render)
        return
    if not out.json:
        render()
    tables, objects = sum(not table.agrees for table in found.tables), len(found.changes or ())
    raise CopyDiffers(
        "the target does not hold what the source holds",
        detail="the differences are listed above"
        if not out.json
        else f"{counted(tables, 'table')}, {counted(objects, 'object')}",
        hint=f"look again with: pgwright verify {source} {target}",
    )
