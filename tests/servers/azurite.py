"""Azurite, Microsoft's stand-in for Azure Blob Storage, from npm."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urlsplit

from . import debian
from .builds import NOT_PREPARED, caches, read_reasons
from .fetching import entry, run

NAME = "azurite"
VERSION = "3.37.0"
ACCOUNT = "devstoreaccount1"
# The account that every Azurite has, from its documentation.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_PROGRAM = Path("node_modules/azurite/dist/src/blob/main.js")


def prepare() -> None:
    """Install Azurite into the cache.

    Raises:
        FetchError: there is no npm, or no network.
    """
    if program() is None:
        debian.ensure_program("npm", package="npm")
        entry(NAME, _fetch)


def _fetch(folder: Path) -> None:
    run(
        [
            *("npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"),
            *("--prefix", str(folder), f"azurite@{VERSION}"),
        ],
        cwd=folder,
        env={**os.environ, "npm_config_cache": f"{folder}/cache", "npm_config_update_notifier": "false"},
    )
    shutil.rmtree(folder / "cache", ignore_errors=True)


def program() -> Path | None:
    """Return the script that node runs, None where there is none."""
    if shutil.which("node") is None:
        return None
    return next((path for cache in caches() if (path := cache / NAME / _PROGRAM).is_file()), None)


def reason() -> str:
    """Say why there is no server."""
    return f"no Azurite: {read_reasons().get(NAME, NOT_PREPARED)}"


@contextmanager
def azurite_server(folder: Path) -> Iterator[str]:
    """Start a server that keeps everything in memory; gives its account's URL, with a container in it."""
    found = program()
    assert found is not None, reason()
    command = [
        *("node", str(found), "--blobHost", "127.0.0.1", "--blobPort", "0", "--skipApiVersionCheck"),
        *("--inMemoryPersistence", "--disableTelemetry", "--disableProductStyleUrl"),
    ]
    with (folder / "azurite.log").open("w+") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if "successfully listen" in line.lower():
                    url = f"{line.split()[-1].rstrip('/')}/{ACCOUNT}"
                    _create(url, "container")
                    yield url
                    return
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        raise AssertionError("Azurite did not start:\n" + (folder / "azurite.log").read_text())


def _create(url: str, container: str) -> None:
    """Make a container, which takes a request signed with the account's key."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
    signed = "".join(f"{name}:{value}\n" for name, value in headers.items())
    resource = f"/{ACCOUNT}/{ACCOUNT}/{container}\nrestype:container"
    text = "PUT" + "\n" * 12 + signed + resource
    mac = hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()
    headers |= {
        "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(mac).decode()}",
        "Content-Length": "0",
    }
    place = urlsplit(f"{url}/{container}?restype=container")
    connection = http.client.HTTPConnection(place.netloc, timeout=10)
    connection.request("PUT", f"{place.path}?{place.query}", headers=headers)
    status = connection.getresponse().status
    connection.close()
    assert status == http.client.CREATED, status
