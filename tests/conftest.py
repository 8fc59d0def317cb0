"""Fixtures for tests on real servers: one server per version and run, fresh databases per test."""

from __future__ import annotations

import compileall
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from py_compile import PycInvalidationMode

import psycopg
import pytest
from hypothesis import HealthCheck, settings

import pgwright
from tests.servers import databases
from tests.servers.builds import VERSIONS, Missing, find_timescale
from tests.servers.running import Server, run_folder, running

MakeDatabase = Callable[[Server], str]
_RUN = pytest.StashKey[ExitStack]()


# How long one example takes says something about the machine only, and slow ones are no fault of the data.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


def pytest_configure(config: pytest.Config) -> None:
    # The user's own servers, passwords and settings must not reach the tests, nor the other way round.
    for name in tuple(os.environ):
        if name == "DATABASE_URL" or (name.startswith("PG") and not name.startswith("PGWRIGHT_")):
            del os.environ[name]
    if hasattr(config, "workerinput"):
        os.environ["PGWRIGHT_HOME"] = f"{os.environ['PGWRIGHT_TEST_RUN']}/home"
        return
    _compile()
    stack = ExitStack()
    stack.enter_context(run_folder())
    config.stash[_RUN] = stack


def _compile() -> None:
    """Compile pgwright once, so that a thousand commands need not: they write no bytecode themselves.

    Their projects change files several times a second, which Python would not notice by the time of writing;
    here it looks at what is written.
    """
    folder = Path(pgwright.__file__).parent
    compileall.compile_dir(folder, quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH)


def pytest_unconfigure(config: pytest.Config) -> None:
    # Also called after Ctrl-C, and after the workers have ended.
    if _RUN in config.stash:
        config.stash[_RUN].close()


def _server(version: int) -> Server:
    found = running(version)
    if isinstance(found, Missing):
        pytest.skip(found.reason)
    return found


@pytest.fixture(scope="session")
def server_12() -> Server:
    """Return PostgreSQL 12, the oldest version supported."""
    return _server(12)


@pytest.fixture(scope="session")
def server_13() -> Server:
    """Return PostgreSQL 13."""
    return _server(13)


@pytest.fixture(scope="session")
def server_14() -> Server:
    """Return PostgreSQL 14."""
    return _server(14)


@pytest.fixture(scope="session")
def server_15() -> Server:
    """Return PostgreSQL 15."""
    return _server(15)


@pytest.fixture(scope="session")
def server_16() -> Server:
    """Return PostgreSQL 16."""
    return _server(16)


@pytest.fixture(scope="session")
def server_17() -> Server:
    """Return PostgreSQL 17, with TimescaleDB preloaded where it can be had."""
    return _server(17)


@pytest.fixture(scope="session")
def server_18() -> Server:
    """Return the embedded PostgreSQL 18."""
    return _server(18)


@pytest.fixture(scope="session", params=VERSIONS, ids=lambda version: f"pg{version}")
def each_server(request: pytest.FixtureRequest) -> Server:
    """Return each version in turn; those that cannot be had are skipped with the reason."""
    return _server(request.param)


@contextmanager
def _databases() -> Iterator[MakeDatabase]:
    made: list[str] = []

    def make(server: Server) -> str:
        made.append(databases.create(server))
        return made[-1]

    try:
        yield make
    finally:
        for url in made:
            databases.drop(url)


@pytest.fixture
def make_database() -> Iterator[MakeDatabase]:
    """Return a function that makes a fresh database on a server and returns its URL."""
    with _databases() as make:
        yield make


@pytest.fixture(scope="module")
def make_module_database() -> Iterator[MakeDatabase]:
    """Return the same for databases that all tests of a module share."""
    with _databases() as make:
        yield make


@pytest.fixture
def database(server_18: Server, make_database: MakeDatabase) -> str:
    """Return the URL of a fresh database on the embedded server."""
    return make_database(server_18)


@pytest.fixture
def timescale(make_database: MakeDatabase) -> str:
    """Return the URL of a fresh database with TimescaleDB, Apache edition."""
    found = find_timescale()
    if isinstance(found, Missing):
        pytest.skip(found.reason)
    url = make_database(_server(found.version))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION timescaledb")
    return url


@pytest.fixture
def timescale_community(make_database: MakeDatabase) -> str:
    """Return the URL of a fresh database with TimescaleDB, Community edition."""
    given = os.environ.get("PGWRIGHT_TEST_TIMESCALE_URL")
    if not given:
        pytest.skip("PGWRIGHT_TEST_TIMESCALE_URL does not name a server with TimescaleDB's Community edition")
    with psycopg.connect(given) as connection:
        version = connection.info.server_version // 10000
    server = Server(
        version=version, origin="PGWRIGHT_TEST_TIMESCALE_URL", url=given, bindir=None, timescale=True
    )
    url = make_database(server)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        row = connection.execute("SELECT current_setting('timescaledb.license', true)").fetchone()
    if row != ("timescale",):
        pytest.skip(f"the server that PGWRIGHT_TEST_TIMESCALE_URL names has the licence {row}, not timescale")
    return url
