"""Run in the airline's folder: use both pools for real and print what happened as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack, ExitStack
from importlib import import_module
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

session: Any = import_module("app.db.session")
PID = text("SELECT pg_backend_pid()")
NAME = text("SELECT current_setting('application_name')")
KILL = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND application_name = current_setting('application_name')"
)
SESSIONS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = current_setting('application_name')"
)


def fill_sync() -> dict[str, Any]:
    engine = session.get_engine()
    pids, refused = [], False
    with ExitStack() as stack:
        try:
            while True:
                pids.append(stack.enter_context(engine.connect()).scalar(PID))
        except PoolTimeoutError:
            refused = True
    kept = engine.pool.checkedin()
    with engine.connect() as connection:
        name = connection.scalar(NAME)
        # Those that the pool has closed end a little later; a transaction sees one state of sessions.
        while connection.scalar(SESSIONS) > kept:
            connection.rollback()
            time.sleep(0.01)
        killed = connection.scalar(KILL)
    with ExitStack() as stack:
        again = [stack.enter_context(engine.connect()).scalar(PID) for _ in range(kept)]
    with session.session_scope() as scope:
        committed = scope.scalar(text("SELECT 1"))
    engine.dispose()
    return result(pids, refused, kept, name=name, killed=killed, again=again, committed=committed)


async def fill_async() -> dict[str, Any]:
    engine = session.get_async_engine()
    pids, refused = [], False
    async with AsyncExitStack() as stack:
        try:
            while True:
                connection = await stack.enter_async_context(engine.connect())
                pids.append(await connection.scalar(PID))
        except PoolTimeoutError:
            refused = True
    kept = engine.pool.checkedin()
    async with engine.connect() as connection:
        name = await connection.scalar(NAME)
        while await connection.scalar(SESSIONS) > kept:
            await connection.rollback()
            await asyncio.sleep(0.01)
        killed = await connection.scalar(KILL)
    async with AsyncExitStack() as stack:
        again = [await (await stack.enter_async_context(engine.connect())).scalar(PID) for _ in range(kept)]
    async with session.async_session_scope() as scope:
        committed = await scope.scalar(text("SELECT 1"))
    await engine.dispose()
    return result(pids, refused, kept, name=name, killed=killed, again=again, committed=committed)


def result(
    pids: list[int], refused: bool, kept: int, *, name: str, killed: int, again: list[int], committed: int
) -> dict[str, Any]:
    return {
        "connections": len(set(pids)),
        "refused": refused,
        "kept": kept,
        "name": name,
        "killed": killed,
        "replaced": len(set(again) - set(pids)),
        "works": committed == 1,
    }


def ages() -> dict[str, Any]:
    """Use a connection, make it look old, use the pool again: is it the same connection?"""
    engine = session.get_engine()
    same = []
    for seconds in (3590, 3610):
        with engine.connect() as connection:
            before = connection.scalar(PID)
            connection.connection._connection_record.starttime -= seconds
        with engine.connect() as connection:
            same.append(connection.scalar(PID) == before)
        engine.dispose()
    return {"same": same}


if __name__ == "__main__":
    if sys.argv[1] == "sync":
        answer = fill_sync()
    elif sys.argv[1] == "async":
        answer = asyncio.run(fill_async())
    else:
        answer = ages()
    json.dump(answer, sys.stdout)
