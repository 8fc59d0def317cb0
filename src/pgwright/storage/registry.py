"""The kinds of places that files can be kept in, by the scheme of a URL.

To add one: a module with a function that takes the URL and returns a `Store`, and one line here.
"""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module
from typing import Any

from pgwright.errors import UsageError
from pgwright.storage.store import Store

STORES: dict[str, str] = {
    "file": "pgwright.storage.directory:open_directory",
    "s3": "pgwright.storage.s3:open_s3",
    "gs": "pgwright.storage.gcs:open_gcs",
    "az": "pgwright.storage.azure:open_azure",
}


def open_store(url: str) -> Store:
    """Open the place that `url` names: a path, ``file://``, ``s3://``, ``gs://`` or ``az://``.

    Nothing is asked of a server yet. Raises `UsageError` for another scheme or a malformed URL, and
    `StorageDenied` where the environment's credentials are malformed.
    """
    scheme, found, _ = url.partition("://")
    if not found:
        scheme = "file"
    if scheme not in STORES:
        close = difflib.get_close_matches(scheme, STORES, n=1, cutoff=0.5)
        raise UsageError(
            f"files cannot be kept at {scheme}://" + (f"; did you mean {close[0]}://?" if close else ""),
            hint=f"use a path, or one of: {', '.join(f'{name}://' for name in STORES)}",
        )
    store: Store = _opener(scheme)(url)
    return store


def open_file(url: str) -> tuple[Store, str]:
    """Return the place of one file and its name there: ``s3://bucket/dir`` and ``users.csv``."""
    parent, slash, name = url.rpartition("/")
    if not name or (slash and parent.endswith(":/")):
        raise UsageError(f"{url} names a place, not a file", hint="add the name of a file")
    return open_store(parent or slash or "."), name


@cache
def _opener(scheme: str) -> Any:
    module, _, attribute = STORES[scheme].partition(":")
    return getattr(import_module(module), attribute)
