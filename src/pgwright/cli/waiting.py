"""A sign of life on a terminal while a command has said nothing yet."""

from __future__ import annotations

import sys
import threading
import time

_QUIET = 0.5  # seconds that nobody wonders about
_EVERY = 1.0  # seconds between two looks at the clock
_ERASE = "\r\x1b[K"


class Waiting:
    """Say on stderr, after half a second, that a command is at work and for how long; once ended, no more."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin to wait, where stderr is a terminal."""
        if sys.stderr.isatty():
            self._thread = threading.Thread(target=self._show, daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Take the sign away: something is about to be printed or asked."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _show(self) -> None:
        began = time.monotonic()
        if self._ended.wait(_QUIET):
            return
        while True:
            sys.stderr.write(f"{_ERASE}working … {time.monotonic() - began:.0f} s")
            sys.stderr.flush()
            if self._ended.wait(_EVERY):
                break
        sys.stderr.write(_ERASE)
        sys.stderr.flush()
