"""The pool's numbers are those of the settings, seen from a real server, sync and async."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.systems.airline.project import FOLDER, succeed

PROBE = str(Path(__file__).with_name("probe_pool.py"))
BOTH = pytest.mark.parametrize("kind", ["sync", "async"])


def probe(url: str, kind: str, **settings: str) -> dict[str, Any]:
    done = succeed(url, PROBE, kind, settings={"PYTHONPATH": str(FOLDER), **settings})
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@BOTH
def test_default_pool_holds_20_and_10_more(database: str, kind: str) -> None:
    assert probe(database, kind, DB_POOL_TIMEOUT="1") == {
        "connections": 30,
        "refused": True,
        "kept": 20,
        "name": "airline",
        "killed": 19,
        "replaced": 20,
        "works": True,
    }


@BOTH
def test_pool_follows_the_environment(database: str, kind: str) -> None:
    settings = {
        "DB_POOL_SIZE": "3",
        "DB_MAX_OVERFLOW": "2",
        "DB_POOL_TIMEOUT": "1",
        "DB_APPLICATION_NAME": "airline worker",
    }
    assert probe(database, kind, **settings) == {
        "connections": 5,
        "refused": True,
        "kept": 3,
        "name": "airline worker",
        "killed": 2,
        "replaced": 3,
        "works": True,
    }


@pytest.mark.parametrize(
    ("settings", "same"),
    [
        ({}, [True, False]),
        ({"DB_POOL_RECYCLE": "600"}, [False, False]),
        ({"DB_POOL_RECYCLE": "7200"}, [True, True]),
    ],
)
def test_connections_are_replaced_when_they_are_too_old(
    database: str, settings: dict[str, str], same: list[bool]
) -> None:
    assert probe(database, "ages", **settings) == {"same": same}
