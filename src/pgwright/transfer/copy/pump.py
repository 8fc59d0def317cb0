"""Move the rows of one part: what the source sends goes to the target, block by block, untouched."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg

from pgwright.transfer.copy.message import Task

_BLOCKS_AHEAD = 16  # of 64 kB and more each: enough that neither side waits, little enough for memory

# The ledger's row comes first: a second session with the same part waits for the first one's end there,
# and then fails, instead of bringing the same rows again.
_MARK = "INSERT INTO pgwright.copy_item (run, item, part, snapshot) VALUES ($1, $2, $3, $4)"
_COUNT = "UPDATE pgwright.copy_item SET rows = $4, bytes = $5 WHERE run = $1 AND item = $2 AND part = $3"


class Pace:
    """Keep a stream at `rate` bytes a second; 0 lets it run."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free_at = time.monotonic()

    async def wait(self, size: int) -> None:
        """Wait until `size` bytes more are due."""
        if self._rate <= 0:
            return
        now = time.monotonic()
        self._free_at = max(self._free_at, now - 1) + size / self._rate
        if self._free_at > now:
            await asyncio.sleep(self._free_at - now)


async def move_part(
    source: asyncpg.Connection,
    target: asyncpg.Connection,
    task: Task,
    *,
    run: str,
    snapshot: str,
    pace: Pace,
    on_bytes: Callable[[int], None],
) -> tuple[int, int]:
    """Bring the rows of a part and mark it as done, in one transaction of the target; return rows and bytes.

    Raises asyncpg's errors; nothing of the part is in the target then.
    """
    moved = 0
    async with _transaction(target):
        await target.execute(_MARK, run, task.item, task.part, snapshot)
        for statement in task.first:
            await target.execute(statement)
        blocks: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue(maxsize=_BLOCKS_AHEAD)

        async def send(block: bytes) -> None:
            nonlocal moved
            await pace.wait(len(block))
            moved += len(block)
            on_bytes(moved)
            await blocks.put(block)

        reading = asyncio.create_task(_read(source, task, send, blocks))
        try:
            status = await target.copy_to_table(
                task.table,
                schema_name=task.schema,
                columns=task.columns,
                source=_all(blocks, target),
                format=task.format,
                freeze=task.freeze,
            )
        finally:
            if target.is_closed():
                # Nothing goes on then; a driver that is only cancelled complains of what still comes.
                source.terminate()
            reading.cancel()
        rows = int(status.rpartition(" ")[2])
        for statement in task.last:
            await target.execute(statement)
        await target.execute(_COUNT, run, task.item, task.part, rows, moved)
        return rows, moved


@asynccontextmanager
async def _transaction(target: asyncpg.Connection) -> AsyncIterator[None]:
    try:
        async with target.transaction():
            yield
    except asyncpg.InterfaceError as error:
        if not target.is_closed():
            raise
        # The driver says only that the transaction cannot be ended any more.
        raise asyncpg.ConnectionDoesNotExistError("the connection to the target was closed") from error


async def _read(
    source: asyncpg.Connection,
    task: Task,
    send: Callable[[bytes], Awaitable[None]],
    blocks: asyncio.Queue[bytes | BaseException | None],
) -> None:
    end: BaseException | None = None
    try:
        await source.copy_from_query(task.query, output=send, format=task.format)
    except Exception as error:  # whatever it is, the target must learn of it, or it waits for ever
        end = error
    await blocks.put(end)


async def _all(
    blocks: asyncio.Queue[bytes | BaseException | None], target: asyncpg.Connection
) -> AsyncIterator[bytes]:
    while (block := await blocks.get()) is not None:
        if isinstance(block, BaseException):
            raise block  # makes the target's COPY fail, so that a part without its end is never kept
        if target.is_closed():
            return  # the driver would take blocks to the part's end, for nobody
        yield block
