"""Databases that stand at the newest revision, without migrating each of them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.servers import databases
from tests.servers.running import Server
from tests.systems.airline.project import SCRIPT, succeed


@pytest.fixture(scope="session")
def migrated_template(server_18: Server) -> Iterator[str]:
    """Return the name of a database that the migrations built."""
    url = databases.create(server_18)
    succeed(url, *SCRIPT, "migrate", "upgrade")
    yield urlsplit(url).path.lstrip("/")
    databases.drop(url)


@pytest.fixture
def migrated(server_18: Server, migrated_template: str) -> Iterator[str]:
    """Return the URL of a fresh database at the newest revision, without rows."""
    url = databases.create(server_18, template=migrated_template)
    yield url
    databases.drop(url)
