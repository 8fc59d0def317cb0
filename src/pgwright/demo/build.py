"""Build systems, two at a time: database, migrations, data, each by the system's own programs.

Everything here can be run again: what is complete is left as it is, what was cut short starts afresh.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import IO

from pgwright import server
from pgwright.config import Project, load_project
from pgwright.demo.systems import INSTANCE, DemoError, System
from pgwright.pg.connect import connect
from pgwright.pg.redact import redact

# Two processes per system are busy in turn, the loader and its server process.
_AT_ONCE = 2
_GRACE_SECONDS = 10
# Small machines are the measure: what the loaders need, and no more.
SETTINGS: Mapping[str, str] = {
    "shared_buffers": "48MB",
    "maintenance_work_mem": "16MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "max_parallel_maintenance_workers": "0",
    "wal_compression": "on",
    "shared_preload_libraries": "pg_stat_statements",
}
# All that the systems' programs get of the user's environment: their settings must not come from it.
_KEPT = ("HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH", "SYSTEMROOT", "TMPDIR", "TZ", "VIRTUAL_ENV")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Say how far the system is with one part; `total` None belongs to a part that cannot be measured."""

    system: str
    label: str
    done: float
    total: float | None


Report = Callable[[Progress], None]


def build(chosen: Sequence[System], report: Report) -> Mapping[str, str]:
    """Build the systems on the embedded server and return the URL of each one's database.

    `report` is called from several threads. When one system fails, or the caller is interrupted, the others'
    programs are ended; what they had open is rolled back. Raises `DemoError` with the words of the program
    that failed, and `ServerError` where the server cannot be started.
    """
    start_server()
    urls = {system.name: server.url(INSTANCE, system.name) for system in chosen}
    crew = _Crew(report)
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="demo") as pool:
        futures = [pool.submit(crew.build, system, urls[system.name]) for system in chosen]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        finally:
            crew.stop()
            for future in futures:
                future.cancel()
    return urls


def start_server() -> None:
    """Start the server of the demo; one that runs already is taken as it is."""
    settings = None if server.is_running(INSTANCE) else SETTINGS
    server.start(INSTANCE, settings=settings)


def project_of(system: System, url: str) -> Project:
    """Return the system's project with its database at `url`."""
    return load_project(system.folder, environ={**os.environ, "DATABASE_URL": url, "PGWRIGHT_URL": url})


class _Crew:
    """Run the systems' programs, and end them all when one fails."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """End what runs and start nothing more."""
        with self._lock:
            self._stopped = True
            running = tuple(self._running)
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    def build(self, system: System, url: str) -> None:
        project = project_of(system, url)
        _create_database(system.name)
        self._report(Progress(system=system.name, label="migrations", done=0, total=None))
        self._run(system, _migrate_command(project), url)
        if project.demo is not None:
            command = [sys.executable if part == "python" else part for part in project.demo.load]
            self._run(system, command, url)

    def _run(self, system: System, command: Sequence[str], url: str) -> None:
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
            process = self._start(system, command, url, errors)
            if process is None:
                return
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    self._tell(system, line)
                code = process.wait()
            finally:
                with self._lock:
                    self._running.discard(process)
                process.stdout.close()  # type: ignore[union-attr]  # it is a pipe
            if code and not self._stopped:
                errors.seek(0)
                raise _failed(system, command, code, errors.read())

    def _start(
        self, system: System, command: Sequence[str], url: str, errors: IO[str]
    ) -> subprocess.Popen[str] | None:
        with self._lock:
            if self._stopped:
                return None
            process = subprocess.Popen(
                command,
                cwd=system.folder,
                env=_environment(url),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                errors="replace",
                # Ctrl-C reaches this process alone; it then ends the others in order.
                start_new_session=True,
            )
            self._running.add(process)
        return process

    def _tell(self, system: System, line: str) -> None:
        try:
            said = json.loads(line)
            progress = Progress(
                system=system.name,
                label=str(said["label"]),
                done=float(said["done"]),
                total=None if said["total"] is None else float(said["total"]),
            )
        except (ValueError, KeyError, TypeError):
            return  # a migration's own words
        self._report(progress)


def _migrate_command(project: Project) -> list[str]:
    tool, _, place = (project.migrations or "").partition(":")
    if tool == "alembic":
        return [sys.executable, "-m", "alembic", "-c", place, "upgrade", "head"]
    return [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]


def _create_database(name: str) -> None:
    from psycopg import errors, sql  # noqa: PLC0415

    with connect(server.url(INSTANCE), autocommit=True) as conn:
        if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        try:
            conn.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        except errors.DuplicateDatabase:
            return  # another demo was quicker


def _environment(url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("LC_")}
    return {
        **kept,
        "DATABASE_URL": url,
        # Settings want one; nothing connects to it.
        "REDIS_URL": "redis://127.0.0.1:6379/0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }


def _failed(system: System, command: Sequence[str], code: int, said: str) -> DemoError:
    words = " ".join(["python", *command[1:]] if command[0] == sys.executable else command)
    ending = f"exit code {code}" if code > 0 else f"signal {-code}"
    tail = "\n".join(redact(said).strip().splitlines()[-8:])
    return DemoError(
        f"{system.name}: {words} failed ({ending})",
        detail="\n".join(
            part for part in (tail, "What was open is rolled back; finished parts stay.") if part
        ),
        hint="mend the cause and run the demo again: it goes on from there; to start afresh: "
        "pgwright demo --clean",
    )
