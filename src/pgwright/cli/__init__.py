"""The command line: parse, call, render. Nothing below this package prints, prompts or exits."""

from __future__ import annotations

import sys
from collections.abc import Sequence


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
