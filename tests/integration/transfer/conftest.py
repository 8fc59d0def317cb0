"""What tests of imports share: a table with two users, and the clouds of the tests of stores."""

from __future__ import annotations

import pytest

from tests.integration.storage.conftest import azure, azurite_url, gcs, s3, s3_server
from tests.integration.transfer.importing import USERS, execute

__all__ = ["azure", "azurite_url", "gcs", "s3", "s3_server", "users"]


@pytest.fixture
def users(database: str) -> str:
    execute(
        database,
        USERS,
        "INSERT INTO users (email, name, age) VALUES ('a@x', 'Ann', 30), ('b@x', 'Bob', 40)",
    )
    return database
