"""`pgwright copy --follow`, `--switch` and `--stop`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pgwright.cli.context import Invocation
from pgwright.cli.output import size
from pgwright.cli.verify import show_verification, verification_facts
from pgwright.errors import CopyDiffers

if TYPE_CHECKING:
    from pgwright.config import Database
    from pgwright.transfer.copy.choice import Choice
    from pgwright.transfer.copy.copy import Copied, Manner


def follows(sides: tuple[Database, Database]) -> bool:
    """Tell whether the target follows the source already."""
    from pgwright.transfer.copy.follow import lag

    return lag(sides[0].url, sides[1].url) is not None


def begin(source: str, target: str, choice: Choice, manner: Manner, chosen: dict[str, Any]) -> Copied:
    """Copy, or finish the copy, and follow from then on."""
    from pgwright.transfer.copy.follow import follow

    return follow(source, target, choice, manner, seen_as=chosen["seen_as"], resumed=chosen["resume"])


def steer(
    invocation: Invocation,
    sides: tuple[Database, Database],
    choice: Choice,
    manner: Manner,
    chosen: dict[str, Any],
) -> None:
    """Show the lag, switch over, or end the following."""
    from pgwright.pg.address import parse_address
    from pgwright.pg.quoting import render
    from pgwright.transfer.copy import follow

    out, (old, new) = invocation.output, sides
    if chosen["stop"]:
        if follows(sides):
            question = f"End the following? {new.name} then falls behind {old.name}"
            invocation.confirm(question, yes=chosen["yes"])
        stopped = follow.stop(old.url, new.url)
        said = "the following is ended, and nothing of it is left" if stopped else "nothing followed"
        out.result({"stopped": stopped}, lambda: out.line(said))
        return
    if chosen["follow"]:
        behind = follow.lag(old.url, new.url)
        assert behind is not None
        state = "following" if behind.active else "NOT CONNECTED"
        out.result(behind, lambda: out.line(f"{state}: {new.name} is {size(behind.bytes)} behind {old.name}"))
        return
    invocation.refuse_production_of(old, "making read-only", named=chosen["production"])
    invocation.confirm(f"Make {old.name} read-only, and end its sessions?", yes=chosen["yes"])
    found = follow.switch(old.url, new.url, manner, choice=choice, compare=manner.verify)

    def show() -> None:
        if found is not None:
            show_verification(out, found, old.name, new.name)
        out.line(f"{new.name} has everything and takes over; {old.name} stays read-only")
        undo = "; ".join(map(render, follow.opening(parse_address(old.url).dbname)))
        out.line(f"to write to it again, run there: {undo}")

    if found is not None and not found.agrees:
        show()
        raise CopyDiffers(
            f"{new.name} does not hold what {old.name} holds",
            detail=f"the following is ended; {old.name} is read-only",
            hint=f"look again with: pgwright verify {old.name} {new.name}",
        )
    out.result({"verification": None if found is None else verification_facts(found)}, show)
