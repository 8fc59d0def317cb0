"""Situations for checks that are asked without a server."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import Any

from pgwright.checks import Situation
from pgwright.config import Project
from pgwright.pg.capabilities import ServerInfo


def situation(
    version: int = 180004,
    *,
    today: date = date(2026, 6, 1),
    project: Project | None = None,
    sees_all: bool = True,
) -> Situation:
    server = ServerInfo(
        version_num=version,
        version_text=f"PostgreSQL {version // 10000}.{version % 10000}",
        edition="PostgreSQL",
        database="app",
        user="jo",
        is_superuser=False,
        in_recovery=False,
        encoding="UTF8",
        collation="C",
        started_at="2026-01-01T00:00:00+00:00",
        extensions=MappingProxyType({}),
        timescaledb=None,
        timescaledb_license=None,
    )
    nowhere: Any = None
    return Situation(server=server, url="", conn=nowhere, project=project, sees_all=sees_all, today=today)
