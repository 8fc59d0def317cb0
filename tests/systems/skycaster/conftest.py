"""Fixtures for Skycaster: an empty database, a migrated one, and its modules in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType

import pytest

from .system import FOLDER, Skycaster


@pytest.fixture
def skycaster(database: str) -> Skycaster:
    """Return Skycaster beside an empty database."""
    return Skycaster(url=database)


@pytest.fixture
def migrated(skycaster: Skycaster) -> Skycaster:
    """Return Skycaster beside a database at the newest revision."""
    skycaster.alembic("upgrade", "head")
    return skycaster


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Return a function that imports Skycaster's modules; other systems have a package `app` as well."""

    def forget() -> None:
        for name in [name for name in sys.modules if name == "app" or name.startswith("app.")]:
            del sys.modules[name]

    forget()
    monkeypatch.syspath_prepend(FOLDER)
    yield import_module
    forget()
