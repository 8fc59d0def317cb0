"""`python -m pgwright`, the same as the command `pgwright`."""

from __future__ import annotations

import sys

from pgwright.cli import program

sys.exit(program())
