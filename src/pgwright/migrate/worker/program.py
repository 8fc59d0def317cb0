"""The program that runs a project's migrations: ``python -m pgwright.migrate.worker.program RUNNER``."""

from __future__ import annotations

import gc
import signal
import sys
from importlib import import_module

_YOUNG = 50_000  # objects; with Python's own 700, looking for garbage would take a tenth of a run


def main() -> None:
    """Import a runner and serve what it can do."""
    # A script's background job begins with interrupts ignored, and so does what it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.set_threshold(_YOUNG)
    verbs = import_module(sys.argv[1]).VERBS
    from pgwright.migrate.worker.child import serve  # noqa: PLC0415

    # What is imported by now stays: the collector need not go through it again and again.
    gc.freeze()
    serve(verbs)


if __name__ == "__main__":
    main()
