"""Keep files in a directory or in object storage: S3, Google Cloud Storage, Azure Blob.

`open_store` opens a place (a directory, a bucket's prefix), `open_file` the place of one file. What both give
is a `Store`; no caller needs to know of which kind.
"""

from __future__ import annotations

from pgwright.storage.registry import open_file, open_store
from pgwright.storage.store import Stat, Store

__all__ = ["Stat", "Store", "open_file", "open_store"]
