"""Engines and sessions, sync and async, with the pool that the settings ask for.

One process holds at most `pool_size + max_overflow` connections: with the defaults
30, so four worker processes already need 120 of the server's `max_connections`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from app.settings import Settings, load_settings

CONNECT_TIMEOUT = 10


def engine_options(settings: Settings) -> dict[str, Any]:
    """Return the options that both engines share."""
    return {
        "pool_size": settings.pool_size,
        "max_overflow": settings.max_overflow,
        "pool_recycle": settings.pool_recycle,
        "pool_timeout": settings.pool_timeout,
        # A connection that the server or a firewall closed is replaced instead of failing a request.
        "pool_pre_ping": True,
        "connect_args": {
            "application_name": settings.application_name,
            "connect_timeout": CONNECT_TIMEOUT,
        },
        # Values of failed statements can be personal; they do not belong in a log.
        "hide_parameters": True,
    }


def make_engine(settings: Settings) -> Engine:
    """Return a new engine; nothing connects before its first use."""
    return create_engine(settings.database_url, **engine_options(settings))


def make_async_engine(settings: Settings) -> AsyncEngine:
    """Return a new async engine; nothing connects before its first use."""
    return create_async_engine(settings.database_url, **engine_options(settings))


@cache
def get_engine() -> Engine:
    """Return the engine of this process, made from the environment at the first call."""
    return make_engine(load_settings())


@cache
def get_async_engine() -> AsyncEngine:
    """Return the async engine of this process, made from the environment at the first call."""
    return make_async_engine(load_settings())


@contextmanager
def session_scope() -> Iterator[Session]:
    """Yield a session that commits at the end, or rolls back when the block raises."""
    with Session(get_engine(), expire_on_commit=False) as session, session.begin():
        yield session


@asynccontextmanager
async def async_session_scope() -> AsyncIterator[AsyncSession]:
    """Yield an async session that commits at the end, or rolls back when the block raises."""
    async with AsyncSession(get_async_engine(), expire_on_commit=False) as session, session.begin():
        yield session
