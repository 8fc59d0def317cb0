"""Fixtures for tests that compare what SQL makes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgwright.pg.connect import connect
from pgwright.pg.pipeline import keep_plans
from pgwright.server import scratch_database
from tests.integration.slate import Slate


@pytest.fixture(scope="session")
def slate() -> Iterator[Slate]:
    """Return an empty database of the scratch server for whatever is rolled back again."""
    with scratch_database() as place, connect(place.url, autocommit=True) as conn:
        keep_plans(conn)
        yield Slate(url=place.url, conn=conn)
