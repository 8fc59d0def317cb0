"""Fixtures for Skycaster: an empty database, a migrated one, and its modules in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from urllib.parse import urlsplit

import pytest

from tests.servers import databases
from tests.servers.running import Server

from .system import FOLDER, Skycaster


@pytest.fixture
def skycaster(database: str) -> Skycaster:
    """Return Skycaster beside an empty database."""
    return Skycaster(url=database)


@pytest.fixture(scope="session")
def template(server_18: Server) -> Iterator[str]:
    """Return the name of a database at the newest revision, to be copied."""
    url = databases.create(server_18)
    try:
        Skycaster(url=url).alembic("upgrade", "head")
        yield urlsplit(url).path.lstrip("/")
    finally:
        databases.drop(url)


@pytest.fixture
def migrated(server_18: Server, template: str) -> Iterator[Skycaster]:
    """Return Skycaster beside a fresh database at the newest revision."""
    url = databases.create(server_18, template=template)
    try:
        yield Skycaster(url=url)
    finally:
        databases.drop(url)


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
