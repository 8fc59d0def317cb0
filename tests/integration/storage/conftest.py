"""The places that every test of a store runs against."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from pgwright.storage import Store, open_store
from tests.integration.storage.xml_stub import XmlStub, serving
from tests.servers import azurite

S3_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "not-a-real-secret",
    "AWS_REGION": "us-east-1",
}


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Return the address of a server that behaves like Amazon S3."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Point the environment to an S3 server with an empty bucket, and return the bucket's URL."""
    import boto3

    for name, value in {**S3_ENVIRONMENT, "AWS_ENDPOINT_URL": s3_server}.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=s3_server)
    client.create_bucket(Bucket="bucket")
    for found in client.list_objects_v2(Bucket="bucket").get("Contents", ()):
        client.delete_object(Bucket="bucket", Key=found["Key"])
    return "s3://bucket"


@pytest.fixture
def gcs(monkeypatch: pytest.MonkeyPatch) -> Iterator[XmlStub]:
    """Point the environment to a stand-in for Google Cloud Storage, which can be made to fail."""
    with serving() as stub:
        monkeypatch.setenv("GOOGLE_BASE_URL", stub.url)
        monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "not-a-real-token")
        yield stub


@pytest.fixture(scope="session")
def azurite_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server that behaves like Azure Blob Storage."""
    if azurite.program() is None:
        pytest.skip(azurite.reason())
    with azurite.azurite_server(tmp_path_factory.mktemp("azurite")) as url:
        yield url


@pytest.fixture
def azure(azurite_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Point the environment to Azure Blob Storage, and return the URL of a folder of its own."""
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", azurite.ACCOUNT)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", azurite.KEY)
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", azurite_url)
    return f"az://container/{secrets.token_hex(4)}"


@pytest.fixture(params=["directory", "s3", "gcs", "azure"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Return each kind of store in turn, empty."""
    if request.param == "directory":
        return open_store(str(tmp_path / "files"))
    if request.param == "s3":
        return open_store(request.getfixturevalue("s3") + "/below/here")
    if request.param == "azure":
        return open_store(request.getfixturevalue("azure") + "/below/here")
    request.getfixturevalue("gcs")
    return open_store("gs://bucket/below/here")
