"""Start, stop and look at embedded servers.

Every change happens under a lock of the instance that dies with its holder.
What is true about a running server is read from the server (its pid file and
process), never from what an earlier call remembered.
"""

from __future__ import annotations

import secrets
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pgwright.errors import PgwrightError, ServerError
from pgwright.server import cluster, ports
from pgwright.server.account import Account, server_account
from pgwright.server.binaries import Binaries, embedded_binaries
from pgwright.server.instance import (
    Instance,
    Record,
    ServerStatus,
    describe,
    instance_directory,
    load_record,
    owner_of,
    save_record,
)
from pgwright.server.launch import Site, adopt, launch, require_free_port
from pgwright.server.paths import (
    locked,
    make_directory,
    require_reach,
    socket_directory,
    state_home,
    unwritable,
)
from pgwright.server.process import postmaster, signal_and_wait

_LOCK_TIMEOUT_SECONDS = 300
_STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}

StopMode = Literal["smart", "fast", "immediate"]


def start(
    name: str = "default",
    *,
    port: int | None = None,
    settings: Mapping[str, str] | None = None,
    durable: bool | None = None,
    binaries: Binaries | None = None,
    home: Path | None = None,
    timeout: float = 60,
) -> Instance:
    """Start a server, made on first use, and return it ready for connections.

    A running server is returned as it is. `port`, `settings` (PostgreSQL's names
    and texts), `durable` (False: nothing waits for the disk, and a crash of the
    machine loses the data) and `binaries` are kept on record; None means as on
    record. Several processes may call this at once. `timeout` in seconds bounds
    the wait for the server, which may have to recover first.

    Raises PortInUse for a `port` that is taken, UsageError for a setting that is
    pgwright's own, ServerError for everything else, with the end of the server's log.
    """
    directory = instance_directory(name, home)
    wanted = None if settings is None else cluster.check_settings(settings)
    account = prepare_home(directory.parent)
    with _lock(directory, "starting or stopping this server"):
        make_directory(directory, mode=0o711 if account.is_other else 0o700)
        data_dir = directory / "data"
        if data_dir.exists():
            account = owner_of(data_dir)
        require_reach(directory, account)
        old = load_record(directory)
        if old is None and data_dir.exists():
            raise ServerError(
                f"the record of the server {name!r} is gone, and with it the password",
                detail=f"The data in {data_dir} was not touched.",
                hint=f"restore {directory}/instance.json, or give the data up: pgwright server remove {name}",
            )
        site = Site(name=name, directory=directory, account=account)
        known = old or Record(port=0, password=secrets.token_urlsafe(24))
        new = replace(
            known,
            port=known.port if port is None else port,
            settings=known.settings if wanted is None else wanted,
            durable=known.durable if durable is None else durable,
            bin_dir=known.bin_dir if binaries is None else str(binaries.bin_dir),
            embedded=known.embedded and binaries is None,
        )
        if running := postmaster(data_dir):
            return adopt(site, running, kept=known, new=new, port=port, timeout=timeout)
        try:
            return _start_stopped(site, old, new, fixed_port=port is not None, timeout=timeout)
        except PgwrightError:
            if not data_dir.exists():
                # Nothing was made yet that a folder would be needed for.
                shutil.rmtree(directory)
            raise


def _start_stopped(
    site: Site, old: Record | None, new: Record, *, fixed_port: bool, timeout: float
) -> Instance:
    others = _recorded_ports(site.directory)
    if fixed_port:
        require_free_port(site, new.port)
    elif not new.port:
        new = replace(new, port=ports.choose(others))
    programs = embedded_binaries() if new.embedded else Binaries(bin_dir=Path(new.bin_dir))
    new = replace(new, bin_dir=str(programs.bin_dir), version=programs.version)
    # On record before the data directory exists, so that a kill in between loses no password.
    save_record(site.directory, old or new, site.socket_dir)
    make_directory(site.socket_dir, owner=site.account)
    cluster.prepare_log(site.log, site.account)
    if not site.data_dir.exists():
        _create(site, new, programs)
    cluster.check_major(site.data_dir, programs)
    try:
        return launch(site, new, programs, fixed_port=fixed_port, avoid_ports=others, timeout=timeout)
    except PgwrightError:
        # What did not work must not be what the next start takes from the record.
        save_record(site.directory, old or replace(new, settings={}), site.socket_dir)
        raise


def stop(
    name: str | Instance = "default",
    *,
    mode: StopMode = "fast",
    home: Path | None = None,
    timeout: float = 60,
) -> bool:
    """Stop a server and tell whether it was running.

    Mode `smart` waits for clients to leave, `fast` rolls their transactions back,
    `immediate` stops like a crash, with recovery at the next start. Raises
    ServerError when the server is not gone after `timeout` seconds.
    """
    directory, label = _directory_of(name, home)
    if not directory.is_dir():
        return False
    with _lock(directory, "starting or stopping this server"):
        return _stop(label, directory, mode, timeout)


def remove(name: str | Instance, *, home: Path | None = None) -> bool:
    """Stop a server and delete all its data; tell whether there was anything to delete."""
    directory, label = _directory_of(name, home)
    if not directory.is_dir():
        return False
    with _lock(directory, "starting or stopping this server"):
        data_dir = directory / "data"
        sockets = socket_directory(directory, owner_of(data_dir)) if data_dir.exists() else None
        try:
            _stop(label, directory, "immediate", 30)
            # Out of sight first, so that a kill in the middle leaves no damaged instance behind.
            doomed = directory.with_name(f".removed-{label}-{secrets.token_hex(4)}")
            directory.rename(doomed)
            for leftover in directory.parent.glob(".removed-*"):
                _delete(leftover)
            if sockets is not None:
                shutil.rmtree(sockets, ignore_errors=True)
        except OSError as error:
            raise unwritable(directory, error) from error
    return True


def _delete(folder: Path) -> None:
    """Delete a folder that another process, which removes a server too, may be deleting just now."""
    while folder.exists():
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)


def status(name: str | Instance = "default", *, home: Path | None = None) -> ServerStatus:
    """Return the state of a server, also of one that does not exist.

    Raises ServerError when its record cannot be read.
    """
    directory, label = _directory_of(name, home)
    data_dir = directory / "data"
    record = load_record(directory)
    if record is None or not data_dir.exists():
        return ServerStatus(
            name=label,
            exists=False,
            running=False,
            pid=None,
            port=None,
            version=None,
            data_dir=data_dir,
            socket_dir=None,
            size_bytes=0,
            started_at=None,
        )
    running = postmaster(data_dir)
    return ServerStatus(
        name=label,
        exists=True,
        running=running is not None,
        pid=running.pid if running else None,
        port=record.port if running is None else running.port or record.port,
        version=record.version,
        data_dir=data_dir,
        socket_dir=socket_directory(directory, owner_of(data_dir)),
        size_bytes=cluster.directory_size(data_dir),
        started_at=running.started_at if running else None,
    )


def is_running(name: str | Instance = "default", *, home: Path | None = None) -> bool:
    """Tell whether a server runs, at the cost of a look at its pid file."""
    directory, _ = _directory_of(name, home)
    return postmaster(directory / "data") is not None


def instances(*, home: Path | None = None) -> tuple[Instance, ...]:
    """Return all instances, running or not, by name."""
    base = (home or state_home()) / "instances"
    found = []
    for directory in sorted(base.iterdir()) if base.is_dir() else ():
        data_dir = directory / "data"
        if directory.name.startswith(".") or not data_dir.is_dir():
            continue
        record = load_record(directory)
        if record is not None:
            found.append(describe(directory.name, directory.resolve(), record, owner_of(data_dir)))
    return tuple(found)


def prepare_home(instances_dir: Path) -> Account:
    """Make the folders that all servers share, and return the account that new servers run as."""
    account = server_account()
    mode = 0o711 if account.is_other else 0o700
    make_directory(instances_dir.parent, mode=mode)
    make_directory(instances_dir, mode=mode)
    make_directory(instances_dir.parent / "locks")
    return account


@contextmanager
def _lock(directory: Path, purpose: str) -> Iterator[int]:
    # Outside the instance's folder: a lock inside it would vanish with `remove`
    # while others wait for it.
    path = directory.parent.parent / "locks" / f"{directory.name}.lock"
    with locked(path, timeout=_LOCK_TIMEOUT_SECONDS, purpose=purpose) as descriptor:
        yield descriptor


def _directory_of(name: str | Instance, home: Path | None) -> tuple[Path, str]:
    if isinstance(name, Instance):
        return name.directory, name.name
    return instance_directory(name, home), name


def _create(site: Site, record: Record, programs: Binaries) -> None:
    path = site.directory / ".creating"
    with locked(path, timeout=_LOCK_TIMEOUT_SECONDS, purpose="making this server") as descriptor:
        cluster.create(
            site.data_dir,
            programs,
            site.account,
            password=record.password,
            durable=record.durable,
            lock_fd=descriptor,
        )


def _recorded_ports(directory: Path) -> frozenset[int]:
    found = set()
    for other in directory.parent.glob("*/instance.json"):
        try:
            record = load_record(other.parent)
        except PgwrightError:
            continue
        if record is not None and other.parent != directory:
            found.add(record.port)
    return frozenset(found)


def _stop(name: str, directory: Path, mode: StopMode, timeout: float) -> bool:
    data_dir = directory / "data"
    running = postmaster(data_dir)
    if running is None:
        return False
    if not signal_and_wait(running.pid, data_dir, _STOP_SIGNALS[mode], timeout=timeout):
        harder = "immediate" if mode == "fast" else "fast"
        raise ServerError(
            f"the server {name!r} did not stop within {timeout:.0f} s",
            detail=f"Process {running.pid} is still shutting down.\n"
            + cluster.log_tail(directory / "server.log"),
            hint=f"wait for it, or run: pgwright server stop {name} --mode {harder}",
        )
    return True
