"""The repositories of the rounds: a folder, or an object store behind a proxy that fails."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from pgwright.storage import open_store
from tests.faults.backup_rounds import Place
from tests.faults.flaky import flaky
from tests.integration.storage.xml_stub import serving
from tests.servers import azurite


@contextlib.contextmanager
def place_of(kind: str, folder: Path, seed: int) -> Iterator[Place]:
    """Give a place for a repository, of the named kind of store."""
    if kind == "directory":
        where = str(folder / "repository")
        yield Place(where=where, store=open_store(where), environment={})
        return
    server = {"s3": _s3, "gcs": _gcs, "azure": _azure}[kind]
    with server(folder) as (where, variable, url, environment), flaky(url, seed) as proxy:
        direct = {**environment, variable: url}
        with patch.dict(os.environ, direct):
            store = open_store(where)
        yield Place(where=where, store=store, environment={**direct, variable: proxy.url}, proxy=proxy)


_Server = tuple[str, str, str, dict[str, str]]


@contextlib.contextmanager
def _s3(_: Path) -> Iterator[_Server]:
    import boto3  # noqa: PLC0415
    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    try:
        host, port = moto.get_host_and_port()
        key = {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "not-a-real-secret",
            "AWS_REGION": "us-east-1",
        }
        with patch.dict(os.environ, key):
            boto3.client("s3", endpoint_url=f"http://{host}:{port}").create_bucket(Bucket="rounds")
        yield "s3://rounds/shop", "AWS_ENDPOINT_URL", f"http://{host}:{port}", key
    finally:
        moto.stop()


@contextlib.contextmanager
def _gcs(_: Path) -> Iterator[_Server]:
    with serving() as stub:
        yield "gs://bucket/shop", "GOOGLE_BASE_URL", stub.url, {"GOOGLE_BEARER_TOKEN": "not-a-real-token"}


@contextlib.contextmanager
def _azure(folder: Path) -> Iterator[_Server]:
    key = {"AZURE_STORAGE_ACCOUNT_NAME": azurite.ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": azurite.KEY}
    with azurite.azurite_server(folder) as url:
        yield "az://container/shop", "AZURE_STORAGE_ENDPOINT", url, key
