"""Where in a migration's file the code stands that is at work."""

from __future__ import annotations

import sys
from types import FrameType


def line_in(path: str) -> int:
    """Return the line of a file that is being carried out right now, 0 where none is."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == path:
            return frame.f_lineno
        frame = frame.f_back
    return 0
