"""Bytes on their way: from a program, through others, to a program; never whole in memory or on disk.

A stream is an iterator of chunks. Whoever consumes one may stop early; then programs and threads behind
it end as well.
"""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from pgwright.errors import BackupFailed
from pgwright.pg.redact import redact
from pgwright.server.account import Account

CHUNK = 256 * 1024
_PIPE = 1024 * 1024  # as much as an ordinary user may have: programs and threads wake each other less often
LEVEL = 2  # of zstd: rows come out no larger than with its own default, 3, in two thirds of the time
NO_SPACE = os.strerror(errno.ENOSPC)  # as programs and servers say it
_AHEAD = 8  # chunks between two threads: enough to keep both busy, too few to matter in memory


def compressed(chunks: Iterable[bytes], level: int) -> Iterator[bytes]:
    """Yield the chunks compressed with zstd, with its checksum at the end."""
    import zstandard  # noqa: PLC0415

    packer = zstandard.ZstdCompressor(level=level, write_checksum=True, threads=1).compressobj()
    for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()


def decompressed(chunks: Iterable[bytes], *, name: str) -> Iterator[bytes]:
    """Yield what `compressed` was given. Raises `BackupDamaged` for anything else; `name` is for messages."""
    import zstandard  # noqa: PLC0415

    from pgwright.errors import BackupDamaged  # noqa: PLC0415

    unpacker = zstandard.ZstdDecompressor().decompressobj()
    try:
        for chunk in chunks:
            if plain := unpacker.decompress(chunk):
                yield plain
        complete = unpacker.eof and not unpacker.unused_data
    except zstandard.ZstdError:
        complete = False
    if not complete:
        raise BackupDamaged(
            f"{name} is damaged: it does not decompress",
            hint="find out what else is: pgwright backup verify; then restore an older backup",
        )


class Told:
    """Tell `progress` how many bytes have passed in all streams together; the `total` may be too low."""

    def __init__(self, progress: Callable[[str, int, int], None] | None, label: str, total: int) -> None:
        self._progress, self._label, self._total = progress, label, total
        self._done = 0
        self._lock = threading.Lock()

    def passing(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the chunks unchanged."""
        for chunk in chunks:
            if self._progress:
                with self._lock:
                    self._done += len(chunk)
                    self._progress(self._label, self._done, max(self._total, self._done))
            yield chunk


class _Reader:
    """Let a library read a stream as a file; `failure` is what went wrong in the stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.failure: BaseException | None = None
        self._chunks = chunks
        self._rest = memoryview(b"")

    def read(self, count: int = -1) -> bytes:
        if not self._rest:
            try:
                self._rest = memoryview(next(self._chunks, b""))
            except BaseException as error:
                self.failure = error
                raise
        found = self._rest[:count] if count >= 0 else self._rest
        self._rest = self._rest[len(found) :]
        return bytes(found)


class _Stopped(Exception):
    """Tell a thread that nobody wants the rest."""


class _Writer:
    """Let a library write into a queue, in chunks of a useful size."""

    def __init__(self, put: Callable[[bytes], None]) -> None:
        self._put = put
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        if len(self._held) >= CHUNK:
            self.send()
        return len(data)

    def flush(self) -> None:
        pass

    def send(self) -> None:
        if self._held:
            self._put(bytes(self._held))
            self._held.clear()


def transformed(chunks: Iterable[bytes], work: Callable[[Any, Any], None]) -> Iterator[bytes]:
    """Yield what `work(reader, writer)` writes, which reads the chunks as a file, in a thread of its own.

    Its exceptions are raised here.
    """
    between: queue.Queue[bytes | None] = queue.Queue(_AHEAD)
    stopped = threading.Event()
    failures: list[BaseException] = []

    def put(item: bytes | None) -> None:
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                between.put(item, timeout=0.1)
                return
        raise _Stopped

    def run() -> None:
        reader, writer = _Reader(iter(chunks)), _Writer(put)
        try:
            work(reader, writer)
            writer.send()
        except BaseException as error:
            failures.append(reader.failure or error)
        with contextlib.suppress(_Stopped):
            put(None)

    thread = threading.Thread(target=run, name="pgwright stream", daemon=True)
    thread.start()
    try:
        while (chunk := between.get()) is not None:
            yield chunk
    finally:
        stopped.set()
        thread.join()
    if failures:
        raise failures[0]


def output_of(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    given: Iterable[bytes] | None = None,
    pass_fds: Sequence[int] = (),
    account: Account | None = None,
    explain: Callable[[str, str], Exception] | None = None,
) -> Iterator[bytes]:
    """Run a program, as `account` where one is given, and yield what it prints; it is fed `given` meanwhile.

    Raises what `explain(program, its words)` returns when it fails, by default `BackupFailed`.
    """
    name = Path(command[0]).name
    with tempfile.TemporaryFile() as words:
        process = _start(
            command,
            environment,
            words=words,
            fed=given is not None,
            out=subprocess.PIPE,
            pass_fds=pass_fds,
            account=account,
        )
        feeder = _Feeder(process, given) if given is not None else None
        try:
            assert process.stdout is not None
            while chunk := process.stdout.read(CHUNK):
                yield chunk
            code = process.wait()
        finally:
            _end(process)
            if feeder:
                feeder.join()
        if feeder and feeder.failure:
            raise feeder.failure
        if code:
            raise (explain or failed)(name, said(words))


def feed(
    command: Sequence[str | Path],
    given: Iterable[bytes],
    *,
    environment: Mapping[str, str],
    pass_fds: Sequence[int] = (),
    account: Account | None = None,
) -> tuple[int, str]:
    """Run a program, as `account` where one is given, feed it a stream, and return its exit code and words.

    A program that has read enough may stop reading. Errors of the stream itself are raised.
    """
    with tempfile.TemporaryFile() as words:
        process = _start(
            command, environment, words=words, fed=True, out=words, pass_fds=pass_fds, account=account
        )
        feeder = _Feeder(process, given)
        try:
            feeder.join()
            if feeder.failure:
                # What came so far must not pass for the whole.
                process.kill()
                raise feeder.failure
            code = process.wait()
        finally:
            _end(process)
        return code, said(words)


class _Feeder:
    """Write a stream into a program's standard input, in a thread."""

    def __init__(self, process: subprocess.Popen[bytes], chunks: Iterable[bytes]) -> None:
        self.failure: BaseException | None = None
        self._process, self._chunks = process, chunks
        self._thread = threading.Thread(target=self._run, name="pgwright feeder", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            for chunk in self._chunks:
                pipe.write(chunk)
        except (BrokenPipeError, ValueError):
            pass  # it has read enough, or failed; its exit code tells which
        except BaseException as error:
            self.failure = error
            self._process.kill()
        finally:
            if isinstance(self._chunks, Iterator) and hasattr(self._chunks, "close"):
                self._chunks.close()
            with contextlib.suppress(BrokenPipeError, ValueError):
                pipe.close()

    def join(self) -> None:
        self._thread.join()


def _start(
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    *,
    words: IO[bytes],
    fed: bool,
    out: int | IO[bytes],
    pass_fds: Sequence[int],
    account: Account | None = None,
) -> subprocess.Popen[bytes]:
    other = account is not None and account.is_other
    try:
        return subprocess.Popen(
            [str(part) for part in command],
            env=dict(environment),
            stdin=subprocess.PIPE if fed else subprocess.DEVNULL,
            stdout=out,
            pipesize=_PIPE,
            stderr=words,
            pass_fds=tuple(pass_fds),
            user=account.uid if account and other else None,
            group=account.gid if account and other else None,
            extra_groups=() if other else None,
            # The account may not be let into the present folder.
            cwd="/" if other else None,
            umask=0o077 if account else -1,
        )
    except OSError as error:
        raise BackupFailed(
            f"cannot run {command[0]}",
            detail=error.strerror or str(error),
            hint="check that it is installed and may be executed",
        ) from error


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def said(words: IO[bytes], *, most: int = 4000) -> str:
    """Return the end of what a program wrote into a file, with passwords masked."""
    end = words.seek(0, 2)
    words.seek(max(0, end - most))
    return redact(words.read().decode(errors="replace").strip())


def failed(name: str, words: str) -> BackupFailed:
    """Return the error for a program that failed."""
    return BackupFailed(
        f"{name} failed",
        detail=words or "it said nothing",
        hint="mend the cause that it names, then try again",
    )
