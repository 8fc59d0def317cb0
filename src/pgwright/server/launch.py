"""Bring one server up, whatever the last one left behind."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from pgwright.errors import PortInUse, ServerError
from pgwright.server import cluster, ports
from pgwright.server.account import Account, run_as
from pgwright.server.binaries import Binaries
from pgwright.server.instance import LOOPBACK, Instance, Record, describe, save_record
from pgwright.server.paths import socket_directory, unwritable
from pgwright.server.process import Postmaster, clear_sockets, disown_pid_file, end_orphans, wait_ready

_ATTEMPTS = 5
_PORT_TAKEN = ("could not bind", "could not create any TCP/IP sockets", "Address already in use")
_FILES_IN_USE = ("pre-existing shared memory block", "lock file")


@dataclass(frozen=True, kw_only=True)
class Site:
    """Name the place where a server is kept and the account that it runs as."""

    name: str
    directory: Path
    account: Account

    @property
    def data_dir(self) -> Path:
        """Return PostgreSQL's own folder."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """Return the server's log file."""
        return self.directory / "server.log"

    @property
    def socket_dir(self) -> Path:
        """Return the folder of the Unix socket."""
        return socket_directory(self.directory, self.account)

    def instance(self, record: Record) -> Instance:
        """Return the description that callers get."""
        return describe(self.name, self.directory, record, self.account)


def adopt(
    site: Site, running: Postmaster, *, kept: Record, new: Record, port: int | None, timeout: float
) -> Instance:
    """Return a server that runs already, perhaps started by a process that was killed meanwhile.

    `kept` is what is on record, `new` what this call asks for. Raises ServerError
    when something else was asked for than what runs, or when the server is not
    ready after `timeout` seconds.
    """
    ready = running if running.ready else wait_ready(site.data_dir, timeout=timeout)
    if ready is None:
        raise _failed(site, "it ended while it was starting", since=0)
    if not ready.ready:
        raise _not_ready(site, timeout)
    if port is not None and port != ready.port:
        raise ServerError(
            f"the server {site.name!r} runs already, on port {ready.port} and not {port}",
            detail="It was left running as it is.",
            hint=f"run: pgwright server stop {site.name}; then start it with the other port",
        )
    if (new.settings, new.durable, new.bin_dir) != (kept.settings, kept.durable, kept.bin_dir):
        raise ServerError(
            f"the server {site.name!r} runs already, with other settings",
            detail="It was left running as it is; the settings asked for were not recorded.",
            hint=f"run: pgwright server stop {site.name}; then start it with the settings",
        )
    cluster.prepare_log(site.log, site.account)
    if ready.port not in {0, kept.port}:
        kept = replace(kept, port=ready.port)
        save_record(site.directory, kept, site.socket_dir)
    return site.instance(kept)


def launch(
    site: Site,
    record: Record,
    programs: Binaries,
    *,
    fixed_port: bool,
    avoid_ports: Collection[int],
    timeout: float,
) -> Instance:
    """Run the server and wait until it is ready.

    A taken port is replaced by a free one, unless `fixed_port`; remains of a
    killed server are cleared away. Raises PortInUse or ServerError.
    """
    avoid = set(avoid_ports)
    since = 0
    for _ in range(_ATTEMPTS):
        if record.listens and not ports.is_free(record.port):
            record = _next_port(site, record, avoid, fixed=fixed_port)
        save_record(site.directory, record, site.socket_dir)
        extra = {} if record.durable else cluster.FAST_SETTINGS
        cluster.write_settings(
            site.directory,
            port=record.port,
            socket_dir=site.socket_dir,
            settings={**extra, **record.settings},
        )
        try:
            disown_pid_file(site.data_dir, site.account.uid)
            clear_sockets(site.socket_dir)
        except OSError as error:
            raise unwritable(site.data_dir / "postmaster.pid", error) from error
        since = site.log.stat().st_size
        output = _pg_ctl_start(site, programs, timeout)
        running = wait_ready(site.data_dir, timeout=1)
        if running is not None:
            if running.ready:
                return site.instance(record)
            raise _not_ready(site, timeout)
        written = cluster.log_tail(site.log, since=since)
        if any(sign in written for sign in _PORT_TAKEN):
            record = _next_port(site, record, avoid, fixed=fixed_port)
        elif any(sign in written for sign in _FILES_IN_USE):
            end_orphans(site.data_dir, site.account)
        else:
            raise _failed(site, output, since=since)
    raise _failed(site, f"{_ATTEMPTS} attempts failed", since=since)


def _pg_ctl_start(site: Site, programs: Binaries, timeout: float) -> str:
    command: tuple[str | Path, ...] = (
        programs.program("pg_ctl"),
        "start",
        "--silent",
        "--wait",
        f"--timeout={timeout:.0f}",
        f"--pgdata={site.data_dir}",
        f"--log={site.log}",
    )
    finished = run_as(site.account, command, environment=programs.environment(), timeout=timeout + 30)
    return finished.stdout.strip()


def require_free_port(site: Site, port: int) -> None:
    """Raise PortInUse when the port that the user asked for is taken."""
    if not ports.is_free(port):
        raise PortInUse(
            f"port {port} on {LOOPBACK} is taken by another process",
            detail=f"The server {site.name!r} was not started.",
            hint="end that process, ask for another port, or leave the port out to have a free one chosen",
        )


def _next_port(site: Site, record: Record, avoid: set[int], *, fixed: bool) -> Record:
    if fixed:
        require_free_port(site, record.port)
        return record
    avoid.add(record.port)
    return replace(record, port=ports.choose(avoid, at_random=True))


def _not_ready(site: Site, timeout: float) -> ServerError:
    return ServerError(
        f"the server {site.name!r} does not accept connections after {timeout:.0f} s",
        detail=f"It is running and may still be recovering.\n{cluster.log_tail(site.log)}",
        hint=f"wait, then run: pgwright server start {site.name}",
    )


def _failed(site: Site, reason: str, *, since: int) -> ServerError:
    detail = "\n".join(part for part in (reason, cluster.log_tail(site.log, since=since)) if part)
    if "No space left" in detail:
        what = f"free some space on the file system of {site.directory}"
    else:
        what = f"mend the cause that the log names ({site.log})"
    return ServerError(
        f"the server {site.name!r} did not start",
        detail=detail or None,
        hint=f"{what}, then run: pgwright server start {site.name}",
    )
