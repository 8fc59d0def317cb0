"""The command line: parse, call, render. Nothing below this package prints, prompts or exits."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Sequence

_YOUNG = 50_000  # objects; Python's own 700 make it look for garbage all the while it imports


def program() -> int:
    """Run the command line as a process of its own; see `main`.

    Nearly all that a command makes stays in use until its end. Looking for garbage among it, while modules
    load and once more when the interpreter ends, would take a fifth of the time of a short command.
    """
    gc.set_threshold(_YOUNG)
    try:
        return main()
    except KeyboardInterrupt:
        # So early that nothing was begun: modules were still loading.
        sys.stderr.write("\n")
        return 128 + signal.SIGINT
    finally:
        gc.freeze()


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 fine, 1 findings or drift, 2 usage or configuration, 3 a hazard refused, 4 failed;
    130 interrupted, 141 the reader of the output went away.
    """
    words = list(sys.argv[1:] if args is None else args)
    if words in (["--version"], ["-V"]):
        # Answered before click is loaded: scripts ask this often.
        from pgwright.version import __version__  # noqa: PLC0415

        print(f"pgwright {__version__}")  # noqa: T201
        return 0
    from pgwright.cli.run import run  # noqa: PLC0415

    return run(words)
