"""Run pgwright's command line and say its peak memory at the end of stderr, in MB."""

from __future__ import annotations

import resource
import sys

from pgwright.cli import main

code: int | str | None
try:
    code = main()
except SystemExit as exit_:
    code = exit_.code
print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.1f}", file=sys.stderr)
sys.exit(code)
