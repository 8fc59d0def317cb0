"""Azure Blob Storage."""

from __future__ import annotations

import os

from pgwright.storage.objects import Bucket, Cloud, open_bucket

_CLOUD = Cloud(
    store="AzureStore",
    bucket="container",
    endpoints=("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
    credentials="set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or AZURE_STORAGE_SAS_TOKEN, "
    "or AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and AZURE_TENANT_ID",
)


def open_azure(url: str) -> Bucket:
    """Open ``az://container/prefix``; the account comes from the environment."""
    return open_bucket(_CLOUD, url, os.environ)
