"""Google Cloud Storage."""

from __future__ import annotations

import os

from pgwright.storage.objects import Bucket, Cloud, open_bucket

_CLOUD = Cloud(
    store="GCSStore",
    bucket="bucket",
    endpoints=("GOOGLE_BASE_URL",),
    credentials="set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account, or run: "
    "gcloud auth application-default login",
)


def open_gcs(url: str) -> Bucket:
    """Open ``gs://bucket/prefix``."""
    return open_bucket(_CLOUD, url, os.environ)
