"""The clouds of the tests of stores."""

from __future__ import annotations

from tests.integration.storage.conftest import azure, azurite_url, gcs, s3, s3_server

__all__ = ["azure", "azurite_url", "gcs", "s3", "s3_server"]
