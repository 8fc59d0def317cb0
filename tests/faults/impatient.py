"""`python -m tests.faults.impatient ...`: pgwright, but it gives a store that fails up within a second."""

from __future__ import annotations

import sys
from datetime import timedelta

from pgwright.cli import main
from pgwright.storage import objects

if __name__ == "__main__":
    objects._RETRY.update({"max_retries": 2, "retry_timeout": timedelta(seconds=1)})
    sys.exit(main())
