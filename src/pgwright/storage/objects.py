"""Files in a bucket, through obstore: one class for the three clouds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, BinaryIO

from pgwright.errors import StorageDenied, StorageError, StoredFileMissing, UsageError
from pgwright.storage.check import Intake, check_name, checked
from pgwright.storage.ranges import open_ranges
from pgwright.storage.store import CHUNK, Stat

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_PART = 16 << 20  # bytes of one part of an upload, so that 10,000 parts make 160 GB
_MOST_PARTS = 9_000  # S3 and Google take 10,000, Azure 50,000
_AT_ONCE = 3  # parts on their way together: with the one being filled, 64 MB
# A request is not limited as a whole (a file may be large), but each wait for bytes is.
_CLIENT = {"timeout": "30 days", "connect_timeout": "10s", "read_timeout": "120s"}
# Each pause is a random one, up to so many times the last: with a base of 2 they would not grow on average.
# The minute is to end the tries, and not their number.
_RETRY = {
    "max_retries": 100,
    "retry_timeout": timedelta(seconds=60),
    "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=10), "base": 4},
}


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """Say how one kind of object storage is reached.

    `bucket` is what the container of objects is called there; `configure` names the settings for obstore;
    `endpoints` are the environment's variables for another server than the cloud's own; `credentials`
    tells in a hint where those come from.
    """

    store: str
    bucket: str
    endpoints: tuple[str, ...]
    credentials: str
    configuration: Mapping[str, str] = field(default_factory=dict)


def open_bucket(cloud: Cloud, url: str, environment: Mapping[str, str]) -> Bucket:
    """Open the bucket and prefix that `url` names; no request is made yet."""
    try:
        from obstore import store as stores  # noqa: PLC0415 - a large library, only where a cloud is meant
    except ImportError as exc:
        raise UsageError(
            f"object storage ({url}) needs the package obstore", hint="run: pip install 'pgwright[cloud]'"
        ) from exc
    match = re.fullmatch(r"\w+://([^/?#@:]+)(?:/+([^?#]*?))?/*", url)
    if match is None:
        raise UsageError(
            f"not a place in object storage: {_public(url)}",
            detail="credentials come from the environment and never stand in a URL",
            hint=f"write it as {url.partition('://')[0]}://{cloud.bucket}/folder",
        )
    servers = {name: environment[name] for name in cloud.endpoints if name in environment}
    for name, server in servers.items():
        if not re.match(r"https?://[^/\s]", server):  # obstore would panic, at the first request
            raise UsageError(
                f"{name} is no address of a server: it does not begin with https://HOST or http://HOST",
                detail="nothing was changed",
                hint=f"write {name}=https://storage.example.com, or unset {name}",
            )
    endpoint = next(iter(servers.values()), "")
    client = {**_CLIENT, "allow_http": endpoint.startswith("http://")}
    try:
        found = getattr(stores, cloud.store)(
            match[1],
            prefix=match[2] or None,
            client_options=client,
            retry_config=_RETRY,
            **cloud.configuration,
        )
    except Exception as exc:
        raise StorageDenied(
            f"cannot use {url}: {_said(exc)}", detail="nothing was changed", hint=cloud.credentials
        ) from exc
    return Bucket(store=found, url=url.rstrip("/"), cloud=cloud)


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Keep files in a bucket, below the prefix of its URL."""

    store: ObjectStore
    url: str
    cloud: Cloud

    def put(self, name: str, data: bytes | Iterable[bytes], *, expected: int = 0) -> Stat:
        """Store a file in parts; see `Store.put`."""
        import obstore  # noqa: PLC0415

        meter = Intake()
        pieces = meter.passing([data] if isinstance(data, bytes) else data)
        # One request for what is small anyway; for a stream, parts that are put together at its end.
        payload = b"".join(pieces) if isinstance(data, bytes) else pieces
        part = max(_PART, -(-expected // _MOST_PARTS))
        with self._failures(name, "stored", meter):
            obstore.put(self.store, check_name(name), payload, chunk_size=part, max_concurrency=_AT_ONCE)
        found = self.stat(name)
        if found is None or found.size != meter.size:
            raise StorageError(
                f"{self._place(name)} does not hold what was sent",
                detail=f"sent {meter.size:,} bytes, found {found.size if found else 0:,}",
                hint="see whether somebody else writes there, then run the command again",
            )
        return replace(found, sha256=meter.sha256)

    def create(self, name: str, data: bytes) -> bool:
        """Store a file unless it exists; see `Store.create`."""
        import obstore  # noqa: PLC0415
        from obstore.exceptions import AlreadyExistsError  # noqa: PLC0415

        with self._failures(name, "stored"):
            try:
                obstore.put(self.store, check_name(name), data, mode="create")
            except AlreadyExistsError:
                return False
        return True

    def stream(
        self, name: str, *, offset: int = 0, length: int | None = None, sha256: str | None = None
    ) -> Iterator[bytes]:
        """Yield a file in pieces; see `Store.stream`."""
        import obstore  # noqa: PLC0415

        size = self._require(name).size
        wanted = max(min(size - offset, size if length is None else length), 0)
        if wanted:
            with self._failures(name, "read"):
                found = obstore.get(self.store, name, options={"range": (offset, offset + wanted)})
                pieces = (bytes(piece) for piece in found.stream(min_chunk_size=CHUNK))
                yield from checked(pieces, self._place(name), size=wanted, sha256=sha256)
        else:
            yield from checked(iter(()), self._place(name), size=0, sha256=sha256)

    def read(self, name: str) -> bytes:
        """Return a file; see `Store.read`."""
        return b"".join(self.stream(name))

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading; see `Store.open`."""
        import obstore  # noqa: PLC0415

        def fetch(start: int, end: int) -> bytes:
            with self._failures(name, "read"):
                return bytes(obstore.get_range(self.store, name, start=start, end=end))

        return open_ranges(fetch, self._require(name).size)

    def stat(self, name: str) -> Stat | None:
        """Return what is known of a file; see `Store.stat`."""
        import obstore  # noqa: PLC0415

        with self._failures(name, "read"):
            try:
                return _stat(obstore.head(self.store, check_name(name)))
            except FileNotFoundError:
                return None

    def list(self, prefix: str = "") -> Iterator[Stat]:
        """Yield files by name; see `Store.list`."""
        import obstore  # noqa: PLC0415

        # obstore matches whole parts of a name; what is left of the prefix is compared here.
        folder = prefix.rpartition("/")[0]
        found: list[Stat] = []
        with self._failures(prefix, "listed"):
            for chunk in obstore.list(self.store, folder or None, chunk_size=1000):
                found += [_stat(meta) for meta in chunk if meta["path"].startswith(prefix)]
        yield from sorted(found, key=lambda stat: stat.name)

    def delete(self, name: str) -> None:
        """Remove a file; see `Store.delete`."""
        import obstore  # noqa: PLC0415

        with self._failures(name, "removed"):
            try:
                obstore.delete(self.store, check_name(name))
            except FileNotFoundError:
                return

    def _require(self, name: str) -> Stat:
        found = self.stat(name)
        if found is None:
            raise StoredFileMissing(
                f"there is no file {self._place(name)}",
                detail=f"or no {self.cloud.bucket} of that name",
                hint="check the name, and which account the credentials of the environment belong to",
            )
        return found

    def _place(self, name: str) -> str:
        return f"{self.url}/{name}" if name else self.url

    @contextmanager
    def _failures(self, name: str, deed: str, meter: Intake | None = None) -> Iterator[None]:
        from obstore import exceptions  # noqa: PLC0415

        try:
            yield
        except StorageError:
            raise
        except Exception as exc:
            if meter is not None and meter.failure is not None:
                raise meter.failure from None  # its own failure has aborted the upload
            if not isinstance(exc, (exceptions.BaseError, OSError, ValueError)):
                raise
            raise self._failure(exc, name, deed) from exc

    def _failure(self, exc: Exception, name: str, deed: str) -> StorageError:
        from obstore import exceptions  # noqa: PLC0415

        said = _said(exc)
        if isinstance(exc, (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)):
            return StorageDenied(
                f"{self._place(name)} cannot be {deed}: the credentials do not suffice",
                detail=said,
                hint=self.cloud.credentials,
            )
        return StorageError(f"{self._place(name)} cannot be {deed}", detail=said, hint=self._advice(said))

    def _advice(self, said: str) -> str:
        if re.search(r"NoSuchBucket|bucket does not exist|ContainerNotFound|404 Not Found", said):
            return f"there is no such {self.cloud.bucket}: check its name, or create it first"
        if re.search(r"credential|metadata|169\.254|token", said, re.IGNORECASE):
            return self.cloud.credentials
        return "check the network and the endpoint, then run the command again; nothing half-done was left"


def _stat(meta: Any) -> Stat:
    return Stat(name=meta["path"], size=meta["size"], modified=meta["last_modified"], etag=meta["e_tag"])


def _said(exc: BaseException) -> str:
    """Return what the library says without its inner workings, and without signatures in URLs."""
    text = " ".join(str(exc).partition("Debug source")[0].split())
    return re.sub(r"\?[^\s\"'<>]+", "?...", text)


def _public(url: str) -> str:
    return re.sub(r"//[^/]*@", "//****@", re.sub(r"\?.*", "?...", url))
