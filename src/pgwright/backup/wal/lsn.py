"""Positions in the write-ahead log, and the names of its segments.

A segment's name is three numbers of eight hexadecimal digits: the timeline, and the segment's number in
two parts, of which the second counts up to 4 GB divided by the size of a segment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SEGMENT = re.compile(r"[0-9A-F]{24}")
HISTORY = re.compile(r"[0-9A-F]{8}\.history")
DEFAULT_SIZE = 16 * 1024 * 1024


def parse_lsn(text: str) -> int:
    """Return a position such as ``16/B374D848`` as a number of bytes. Raises `ValueError`."""
    high, slash, low = text.partition("/")
    if not slash:
        raise ValueError(f"{text!r} is no position in the WAL")
    return (int(high, 16) << 32) + int(low, 16)


def format_lsn(position: int) -> str:
    """Return a position as PostgreSQL writes it."""
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


@dataclass(frozen=True, order=True)
class Segment:
    """Name one file of WAL: its timeline and its number, which starts at 0 with the cluster."""

    timeline: int
    number: int

    def name(self, size: int = DEFAULT_SIZE) -> str:
        """Return the file's name; `size` is that of a segment in bytes."""
        per_file = 0x1_0000_0000 // size
        return f"{self.timeline:08X}{self.number // per_file:08X}{self.number % per_file:08X}"


def segment_of(name: str, size: int = DEFAULT_SIZE) -> Segment:
    """Return the segment of a file's name. Raises `ValueError` for another name."""
    if not SEGMENT.fullmatch(name):
        raise ValueError(f"{name!r} is no segment of WAL")
    per_file = 0x1_0000_0000 // size
    return Segment(int(name[:8], 16), int(name[8:16], 16) * per_file + int(name[16:], 16))


def segment_at(timeline: int, position: int, size: int = DEFAULT_SIZE) -> Segment:
    """Return the segment that holds a position."""
    return Segment(timeline, position // size)
