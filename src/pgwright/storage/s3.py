"""Amazon S3, and servers that speak its protocol (MinIO, Ceph, Cloudflare R2)."""

from __future__ import annotations

import os

from pgwright.storage.objects import Bucket, Cloud, open_bucket

_CLOUD = Cloud(
    store="S3Store",
    bucket="bucket",
    endpoints=("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    credentials="set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION (and AWS_ENDPOINT_URL for a "
    "server that is not Amazon's); on Amazon's machines a role does it",
    # S3 computes the same over each part that arrives and refuses one that differs.
    configuration={"checksum_algorithm": "SHA256"},
)


def open_s3(url: str) -> Bucket:
    """Open ``s3://bucket/prefix``."""
    return open_bucket(_CLOUD, url, os.environ)
