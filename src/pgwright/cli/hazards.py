"""The options that answer beforehand what a command would ask: which hazards, and on which database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from pgwright.errors import UsageError
from pgwright.model.wording import did_you_mean


def allow_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --allow; a name that no hazard has is a mistake, and not silently nothing."""
    return click.option(
        "--allow",
        multiple=True,
        metavar="HAZARD",
        callback=_known,
        help="Accept a hazard by its name: deletes-data.",
    )(function)


def guard_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --yes and --production, for commands that change what is there."""
    named = click.option(
        "--production", metavar="NAME", help="Name the production database that this may change."
    )
    return click.option("--yes", is_flag=True, help="Do not ask.")(named(function))


def _known(_: click.Context, __: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        return names
    from pgwright.model.plan import HazardCode

    known = [code.value for code in HazardCode]
    for name in names:
        if name not in known:
            raise UsageError(
                f"no hazard is called {name}" + did_you_mean(name, known),
                detail="nothing was done",
                hint=f"the plan names its hazards; there are: {', '.join(known)}",
            )
    return names
