"""Skycaster run as its users run it: Python programs started in its folder."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.servers.running import Server

FOLDER = Path(__file__).resolve().parents[3] / "systems" / "skycaster"

TABLES = {
    "users", "api_keys", "subscriptions", "invoices", "usage_logs", "weather_requests", "pricing_config",
    "currency_config", "variable_mapping", "audit_logs", "security_events", "performance_metrics",
    "support_tickets", "user_usage_summary",
}  # fmt: skip

# Users whose summary is not what their calls add up to
OTHER_SUMMARY = """
    SELECT user_id
      FROM (SELECT user_id, total_requests, total_cost, last_request FROM user_usage_summary) AS kept
      FULL JOIN (
          SELECT user_id, count(*) AS calls, sum(cost) AS cost, max(created_at) AS newest
            FROM usage_logs GROUP BY user_id) AS real USING (user_id)
     WHERE (total_requests, total_cost, last_request) IS DISTINCT FROM (calls, cost, newest)
"""

CREATE_ALL = """
from sqlalchemy import create_engine
from app.models import Base
from app.settings import database_url
engine = create_engine(database_url())
Base.metadata.create_all(engine)
engine.dispose()
"""


@dataclass(frozen=True, kw_only=True)
class Skycaster:
    """Skycaster beside one database; `folder` is where its programs are started."""

    url: str
    folder: Path = FOLDER

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self._environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments, **environment) as process:
            output, errors = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def python(self, *arguments: str) -> str:
        """Run a program that must succeed, and return its output."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def alembic(self, *arguments: str) -> str:
        return self.python("-m", "alembic", *arguments)

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True)

    def names(self, query: str) -> list[str]:
        """Return the first column of a query."""
        with self.connect() as connection:
            return [row[0] for row in connection.execute(query.encode()).fetchall()]

    def tables(self) -> list[str]:
        """Return the names of the tables; a partition is a part of one."""
        return self.names(
            "SELECT relname FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition"
        )

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PGWRIGHT_HOME": os.environ["PGWRIGHT_HOME"],  # that of this run of the tests
            "PYTHONDONTWRITEBYTECODE": "1",
            "DATABASE_URL": self.url,
            **more,
        }


def schema(server: Server, url: str, *without: str) -> list[str]:
    """Return the lines of a schema dump, without Alembic's own table; `without` are options of pg_dump."""
    assert server.bindir is not None
    parts = conninfo_to_dict(url)
    done = subprocess.run(
        [server.bindir / "pg_dump", "--schema-only", "--exclude-table=alembic_version", *without],
        env={
            "PATH": os.environ["PATH"],
            "PGHOST": str(parts["host"]),
            "PGPORT": str(parts["port"]),
            "PGUSER": str(parts["user"]),
            "PGPASSWORD": str(parts["password"]),
            "PGDATABASE": str(parts["dbname"]),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    # \restrict carries a random key in every dump.
    return [line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
