"""Checks: each looks for one thing that is wrong or will be, and says what mends it.

One file per check with its query beside it, one line in `registry.py`, one section in ``docs/checks.md``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pgwright.checks.check import Check, Scope, Situation
    from pgwright.checks.registry import CHECKS
    from pgwright.checks.run import Report, run_checks

__all__ = ["CHECKS", "Check", "Report", "Scope", "Situation", "run_checks"]

_HOMES = {
    "CHECKS": "registry",
    "Check": "check",
    "Report": "run",
    "Scope": "check",
    "Situation": "check",
    "run_checks": "run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
