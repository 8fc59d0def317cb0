"""One worker process: takes parts from standard input until it closes, and reports on standard output.

A process for each, because passing blocks on keeps one interpreter busy; and its end, however it comes,
rolls back what it had begun.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

import asyncpg
import msgspec

from pgwright.pg.texts import PORTABLE
from pgwright.transfer.copy.message import Report, Start, Task
from pgwright.transfer.copy.pump import Pace, move_part
from pgwright.transfer.copy.record import SESSION_NAME

_REPORT_EVERY = 0.5  # seconds
_SESSION = {
    **PORTABLE,
    "search_path": "",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}


async def main() -> None:
    """Work until standard input ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    start = msgspec.json.decode(await reader.readline(), type=Start)
    # The rows go when the coordinator goes: it holds the snapshot, and somebody may resume meanwhile.
    tasks: asyncio.Queue[Task] = asyncio.Queue()
    working = asyncio.create_task(_serve(start, tasks))
    while line := await reader.readline():
        await tasks.put(msgspec.json.decode(line, type=Task))
        if working.done():
            break
    working.cancel()
    os._exit(0)  # no courtesies with a server that may hang: the closing socket ends both sessions


async def _serve(start: Start, tasks: asyncio.Queue[Task]) -> None:
    try:
        source, target = await _open(start)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        _say(_failed(error))
        return
    pace = Pace(start.rate)
    while True:
        task = await tasks.get()
        last = time.monotonic()

        def tell(moved: int) -> None:
            nonlocal last
            if time.monotonic() - last > _REPORT_EVERY:
                last = time.monotonic()
                _say(Report(bytes=moved))

        try:
            rows, moved = await move_part(
                source, target, task, run=start.run, snapshot=start.snapshot, pace=pace, on_bytes=tell
            )
        except asyncpg.UniqueViolationError as error:
            # Another session has done this part: one that was left behind by a killed run.
            done = error.table_name == "copy_item"
            _say(Report(rows=0) if done else _failed(error))
        except Exception as error:  # unsaid, it would leave the coordinator waiting for ever
            _say(_failed(error))
        else:
            _say(Report(bytes=moved, rows=rows))


async def _open(start: Start) -> tuple[asyncpg.Connection, asyncpg.Connection]:
    source = await asyncpg.connect(
        start.source, server_settings={**_SESSION, "application_name": "pgwright copy"}, command_timeout=None
    )
    for statement in start.begin:
        await source.execute(statement)
    settings = {
        **_SESSION,
        "application_name": SESSION_NAME + start.run,
        "lock_timeout": f"{start.lock_timeout * 1000:.0f}ms",
        "synchronous_commit": "off",
    }
    target = await asyncpg.connect(start.target, server_settings=settings)
    return source, target


def _failed(error: BaseException) -> Report:
    detail = getattr(error, "detail", None)
    where = getattr(error, "context", None)
    said = str(error).partition("\n")[0]  # the driver puts the server's detail and hint behind it
    if isinstance(error, asyncpg.InternalClientError):
        # So it ends when the server ends the session in the middle of a COPY.
        said = f"the connection was lost ({said})"
    text = "; ".join(part for part in (said, detail, where) if part)
    return Report(error=text or type(error).__name__, sqlstate=getattr(error, "sqlstate", None))


def _say(report: Report) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(main())
