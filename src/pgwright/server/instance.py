"""What an embedded server is, and how others reach it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from pgwright.errors import ServerError, UsageError
from pgwright.model.wording import did_you_mean
from pgwright.server.account import Account, account_of
from pgwright.server.paths import socket_directory, state_home, write_private

SUPERUSER = "postgres"
LOOPBACK = "127.0.0.1"

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_RECORD = "instance.json"
_RECORD_FORM = 1


@dataclass(frozen=True, kw_only=True)
class Instance:
    """Describe a server that pgwright keeps, running or not.

    `directory` holds everything of it; `data_dir` is PostgreSQL's own part.
    `port` is also part of the name of the Unix socket in `socket_dir`.
    """

    name: str
    directory: Path
    data_dir: Path
    socket_dir: Path
    port: int
    bin_dir: Path
    version: str


@dataclass(frozen=True, kw_only=True)
class ServerStatus:
    """Report the state of an instance; what a server that is not running lacks is None.

    `size_bytes` is the size of the data directory on disk, `started_at` is in UTC.
    `exists` is False for a name that was never started.
    """

    name: str
    exists: bool
    running: bool
    pid: int | None
    port: int | None
    version: str | None
    data_dir: Path
    socket_dir: Path | None
    size_bytes: int
    started_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Record:
    """Keep what must outlive a process: port, password, settings and programs of an instance.

    `bin_dir` are the programs of the last start; with `embedded`, the next start
    takes the embedded programs, whose folder changes when they are upgraded.
    """

    port: int
    password: str = field(repr=False)
    durable: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    bin_dir: str = ""
    embedded: bool = True
    version: str = ""

    @property
    def listens(self) -> bool:
        """Tell whether the server listens on TCP, not only on its Unix socket."""
        return self.settings.get("listen_addresses") != ""


def instance_directory(name: str, home: Path | None = None) -> Path:
    """Return the folder of an instance, which need not exist. Raises UsageError for an unfit name."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be the name of a server",
            detail="A name has up to 40 lower-case letters, digits, underscores and hyphens.",
            hint="choose another name, such as default",
        )
    # Resolved, because processes are recognised by the real path of their data directory.
    return ((home or state_home()) / "instances" / name).resolve()


def load_record(directory: Path) -> Record | None:
    """Return the record of an instance, or None when it has none. Raises ServerError when unreadable."""
    path = directory / _RECORD
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("form") != _RECORD_FORM:
            raise ValueError("it was written by another version of pgwright")
        return Record(**data)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ServerError(
            f"cannot read {path}",
            detail=f"{error}. The database files in {directory / 'data'} were not touched.",
            hint="restore the file, run as the user who made it, or set PGWRIGHT_HOME to another folder",
        ) from error


def save_record(directory: Path, record: Record, socket_dir: Path) -> None:
    """Write the record and the password file that goes with it, both readable by their owner only."""
    write_private(directory / _RECORD, json.dumps({"form": _RECORD_FORM, **asdict(record)}, indent=1) + "\n")
    hosts = (LOOPBACK, "localhost", str(socket_dir).replace("\\", "\\\\").replace(":", "\\:"))
    lines = (f"{host}:*:*:{SUPERUSER}:{record.password}\n" for host in hosts)
    write_private(directory / "pgpass", "".join(lines))


def describe(name: str, directory: Path, record: Record, account: Account) -> Instance:
    """Return the description of an instance from its record."""
    return Instance(
        name=name,
        directory=directory,
        data_dir=directory / "data",
        socket_dir=socket_directory(directory, account),
        port=record.port,
        bin_dir=Path(record.bin_dir),
        version=record.version,
    )


def owner_of(data_dir: Path) -> Account:
    """Return the account that an existing data directory belongs to, and thus its server runs as."""
    return account_of(data_dir.stat().st_uid)


def find(name: str, *, home: Path | None = None) -> Instance:
    """Return the instance of a name, running or not. Raises UsageError when there is none."""
    directory = instance_directory(name, home)
    record = load_record(directory)
    if record is None or not (directory / "data").is_dir():
        known = [data.parent.name for data in directory.parent.glob("[!.]*/data")]
        raise UsageError(
            f"there is no server named {name!r}" + did_you_mean(name, known),
            detail=f"Looked in {directory.parent}.",
            hint=f"see those that there are: pgwright server list; or make it: pgwright server start {name}",
        )
    return describe(name, directory, record, owner_of(directory / "data"))


def url(
    instance: str | Instance,
    database: str = "postgres",
    *,
    over: Literal["tcp", "socket"] | None = None,
    home: Path | None = None,
) -> str:
    """Return the connection URL of a database, with the password in it.

    By default it leads over TCP, or over the Unix socket where the server listens
    there alone. The server need not be running. Raises UsageError for an unknown
    instance, and for TCP to one that does not listen there: whoever listens on
    that port would be offered the password.
    """
    found = find(instance, home=home) if isinstance(instance, str) else instance
    record = _record_of(found)
    user = f"{SUPERUSER}:{quote(record.password, safe='')}"
    path = quote(database, safe="")
    if over == "tcp" and not record.listens:
        raise UsageError(
            f"the server {found.name!r} listens on its Unix socket only",
            hint="leave `over` out, or start the server without the setting listen_addresses",
        )
    if over != "socket" and record.listens:
        return f"postgresql://{user}@{LOOPBACK}:{record.port}/{path}"
    return f"postgresql://{user}@/{path}?host={quote(str(found.socket_dir), safe='/')}&port={record.port}"


def environment(
    instance: Instance, database: str = "postgres", *, base: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return an environment in which psql and its kin reach an instance without a password in sight.

    It is `base` (default: the present environment) without the libpq variables
    in it, because one such as ``PGSERVICE`` or ``PGPASSWORD`` would win.
    """
    kept = os.environ if base is None else base
    return {
        key: value for key, value in kept.items() if not key.startswith("PG") or key.startswith("PGWRIGHT")
    } | {
        "PGHOST": LOOPBACK if _record_of(instance).listens else str(instance.socket_dir),
        "PGPORT": str(instance.port),
        "PGUSER": SUPERUSER,
        "PGDATABASE": database,
        "PGPASSFILE": str(instance.directory / "pgpass"),
    }


def _record_of(instance: Instance) -> Record:
    record = load_record(instance.directory)
    if record is None:
        raise ServerError(
            f"the server {instance.name!r} was removed", hint=f"run: pgwright server start {instance.name}"
        )
    return record
