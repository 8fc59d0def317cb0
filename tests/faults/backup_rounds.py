"""Break backups off at random moments, and look after each time whether everything is as it must be.

A round runs one verb as a user does and, at a random moment, kills it, kills the server, or takes the object
store away. Then each backup of the repository must be whole, at most one more be there, the live database be
the old or the restored one, and the verb succeed when it is run again.

    python -m tests.faults.backup_rounds --rounds 100
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from pgwright import server
from pgwright.backup.drill.record import drills
from pgwright.backup.repository.manifest import Kind
from pgwright.backup.repository.repository import Repository
from pgwright.backup.task import is_leftover
from pgwright.backup.verify import verify_backup, verify_wal
from pgwright.backup.wal.archive import Archive
from pgwright.pg.address import parse_address
from pgwright.server.process import postmaster
from pgwright.storage import Store
from tests.faults.flaky import Flaky

VERBS = ("create", "physical", "incremental", "restore", "prune", "wal", "recover", "drill")
_ROWS = 30_000
_AGAIN = "rounds-again"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Say where the repository is: `environment` leads the command there, through `proxy` where it has one.

    `store` leads there without it.
    """

    where: str
    store: Store
    environment: dict[str, str]
    proxy: Flaky | None = None


class Rounds:
    """Hold a server of its own with a database, and a project that backs it up."""

    def __init__(self, place: Place, folder: Path, seed: int) -> None:
        self.place, self.folder = place, folder
        self.random = random.Random(seed)  # noqa: S311 - the same moments each time
        self.name = f"rounds-{secrets.token_hex(3)}"
        self.repository = Repository(store=place.store)
        self.did: Counter[str] = Counter()
        self.took: dict[str, float] = {}
        # Durable: the server itself is killed, and must have what it said it had.
        self.url = server.url(server.start(self.name, settings={"summarize_wal": "on"}), "shop")
        with psycopg.connect(parse_address(self.url).with_database("postgres").text, autocommit=True) as conn:
            conn.execute("CREATE DATABASE shop")
        fill = f"SELECT g AS id, md5(g::text) AS note FROM generate_series(1, {_ROWS}) g"
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.execute(f"CREATE TABLE orders AS {fill}".encode())
        (folder / "pgwright.toml").write_text(
            f'[databases.default]\nurl = "${{DATABASE_URL}}"\n[backup]\nrepository = "{place.where}"\n'
        )
        self.stream()
        for verb in ("create", "physical"):
            self.run(*_words(verb))

    def close(self) -> None:
        for name in (self.name, _AGAIN):
            server.remove(name)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **self.place.environment, "DATABASE_URL": self.url}
        command = [
            sys.executable,
            "-m",
            "tests.faults.impatient",
            "--project",
            str(self.folder),
            "backup",
            *words,
        ]
        with (self.folder / "log").open("wb") as log:
            root = Path(__file__).parents[2]
            return subprocess.Popen(command, env=environment, cwd=root, stdout=log, stderr=log)

    def run(self, *words: str) -> None:
        began = time.monotonic()
        code = self.start(*words).wait()
        assert code == 0, (words, code, (self.folder / "log").read_text())
        self.took[" ".join(words)] = time.monotonic() - began

    def round(self, verb: str) -> None:
        """Break one run of a verb off, look, and run it again."""
        words = _words(verb)
        if verb == "prune":
            self.run("create", "--schema-only")
            self.run("create", "--schema-only")
        before = {made.id for made in self.repository.backups()}
        victim = self.random.choice(
            ("pgwright", "server", "network") if self.place.proxy else ("pgwright", "server")
        )
        self.did[f"{verb}, {victim}"] += 1
        if verb == "wal":
            with self.writing():
                self.break_off(words, victim, 4)
        else:
            self.break_off(words, victim, self.took.get(" ".join(words), 4))
        self.look(verb, before)
        self.again(verb, words)

    def break_off(self, words: tuple[str, ...], victim: str, usual: float) -> None:
        proxy = self.place.proxy
        if proxy:
            proxy.rate = 0.1 if victim == "network" else 0.0
        process = self.start(*words)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self.random.uniform(0.3, usual * 1.1))
        if victim == "server":
            self.kill_server()
        elif proxy and victim == "network":
            proxy.down = True
            proxy.cut_all()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self.random.uniform(0, 3) if victim != "pgwright" else 0)
        process.kill()
        process.wait()
        if proxy:
            proxy.down, proxy.rate = False, 0.0
        # Somebody may have taken its port meanwhile.
        self.url = server.url(server.start(self.name), "shop")

    def kill_server(self) -> None:
        data = server.find(self.name).data_dir
        running = postmaster(data)
        if running:
            os.kill(running.pid, signal.SIGKILL)
            self.wait(lambda: postmaster(data) is None)

    def look(self, verb: str, before: set[str]) -> None:
        """Compare what is there with what may be there."""
        backups = {made.id: made for made in self.repository.backups()}
        new = backups.keys() - before
        assert not self.repository.broken()
        assert len(new) <= (verb in ("create", "physical", "incremental")), new
        assert verb == "prune" or before <= backups.keys()
        with self.repository.writing("looking"):
            pass
        for id in new if verb != "prune" else backups:
            assert not verify_backup(self.repository, backups[id]).problems
        assert not self.repository.unfinished()
        with psycopg.connect(self.url) as conn:
            assert conn.execute("SELECT count(*) FROM orders").fetchone() == (_ROWS,)

    def again(self, verb: str, words: tuple[str, ...]) -> None:
        """Run the verb to its end, and look at what it is for."""
        if verb == "recover" and not is_leftover(_AGAIN):
            server.remove(_AGAIN)  # it was broken off only when it was done
        if verb == "wal":
            self.stream()
            assert not verify_wal(self.repository)
        else:
            self.run(*words)
        if verb == "recover":
            place = server.url(_AGAIN, "shop")
            with psycopg.connect(place) as conn:
                assert conn.execute("SELECT count(*) FROM orders").fetchone() == (_ROWS,)
            server.remove(_AGAIN)
        if verb == "drill":
            assert drills(self.repository)[-1].passed
            assert not [found.name for found in server.instances() if found.name.startswith("drill-")]
        if verb == "restore":
            self.drop_kept()
        if verb == "prune":
            kept = [made for made in self.repository.backups() if made.kind is Kind.DUMP]
            assert len(kept) == 2, "the newest of all, and the newest of schemas"
        assert not list(self.repository.store.list("locks/"))

    def stream(self) -> None:
        """Archive until a segment that was written meanwhile is there."""
        process = self.start(*_words("wal"))
        with psycopg.connect(self.url, autocommit=True) as conn:
            self.wait(lambda: conn.execute("SELECT 1 FROM pg_replication_slots WHERE active").fetchone())
            row = conn.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
            conn.execute("SELECT pg_logical_emit_message(false, 'x', 'y'), pg_switch_wal()")
        assert row is not None
        self.wait(lambda: Archive(repository=self.repository).get(row[0]))
        process.terminate()
        process.wait()

    def wait(self, done: Callable[[], object]) -> None:
        deadline = time.monotonic() + 90
        while not done():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.1)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Let the server write some segments while the block runs."""
        program = (
            "import psycopg, time\n"
            f"conn = psycopg.connect({self.url!r}, autocommit=True)\n"
            "while True:\n"
            " conn.execute('SELECT pg_logical_emit_message(false, %s, repeat(%s, 4000000))', ('x', 'y'))\n"
            " conn.execute('SELECT pg_switch_wal()'); time.sleep(0.3)\n"
        )
        process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.kill()
            process.wait()

    def drop_kept(self) -> None:
        with psycopg.connect(parse_address(self.url).with_database("postgres").text, autocommit=True) as conn:
            found = conn.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE 'shop%' ORDER BY 1"
            ).fetchall()
            names = [row[0] for row in found]
            assert names[0] == "shop" and all(name.startswith("shop_before_") for name in names[1:]), names
            for name in names[1:]:
                conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _words(verb: str) -> tuple[str, ...]:
    return {
        "create": ("create", "--format", "parallel", "--jobs", "2"),
        "physical": ("create", "--physical"),
        "incremental": ("create", "--incremental"),
        "restore": ("restore", "--replace", "shop", "--yes"),
        "prune": ("prune", "--days", "0", "--last", "1", "--yes"),
        "wal": ("wal", "stream", "--slot", "rounds"),
        "recover": ("recover", "--latest", "--name", _AGAIN, "--yes"),
        "drill": ("drill",),
    }[verb]


def main() -> None:
    """Run rounds in a folder, and say what was done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verb", choices=VERBS, action="append")
    parser.add_argument("--store", choices=("directory", "s3", "gcs", "azure"), default="directory")
    given = parser.parse_args()
    from tests.faults.places import place_of  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as name, place_of(given.store, Path(name), given.seed) as place:
        os.environ["PGWRIGHT_HOME"] = f"{name}/home"
        Path(name).chmod(0o755)
        rounds = Rounds(place, Path(name), given.seed)
        try:
            for number in range(given.rounds):
                verb = (given.verb or VERBS)[number % len(given.verb or VERBS)]
                rounds.round(verb)
                print(number + 1, verb, flush=True)  # noqa: T201
        finally:
            print(dict(rounds.did), "faults:", place.proxy and place.proxy.faults)  # noqa: T201
            rounds.close()


if __name__ == "__main__":
    main()
