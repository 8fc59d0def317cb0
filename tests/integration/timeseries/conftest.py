from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import MakeDatabase, _server

ENGINES = ("native-12", "native-18", "apache", "community")


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, make_database: MakeDatabase) -> Iterator[str]:
    """Return a fresh database on each engine; those that cannot be had are skipped with the reason."""
    kind, _, version = request.param.partition("-")
    if kind == "native":
        yield make_database(_server(int(version)))
    else:
        yield request.getfixturevalue("timescale" if kind == "apache" else "timescale_community")
