"""What work took, on a server and in the programs that it ran.

CPU time shows what wall time does not on a busy machine.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

_CLOCK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Hold what work took: wall seconds, CPU seconds of server and clients, its peak memory in MB."""

    wall: float
    cpu: float
    peak: float


def spent(url: str, work: Callable[[], float | None]) -> Spent:
    """Do `work`, which may return its peak memory; return what that took here and on the server at `url`."""
    cpu, started = _cpu(url), time.perf_counter()
    peak = work()
    return Spent(wall=time.perf_counter() - started, cpu=_cpu(url) - cpu, peak=peak or 0)


def _cpu(url: str) -> float:
    """Return the CPU seconds of this process, of its children and of the server, as far as they have ended.

    Who wrote the pages out in the background counts as well.
    """
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT current_setting('data_directory')").fetchone()
        assert row is not None
    postmaster = (Path(row[0]) / "postmaster.pid").read_text().split()[0]
    alive = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return (
        sum(used.ru_utime + used.ru_stime for used in own)
        + sum(_ticks(pid) for pid in (*alive, postmaster)) / _CLOCK
    )


def _ticks(pid: str) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:  # ended meanwhile: its parent, which comes last, has it
        return 0
    return sum(int(field) for field in fields[11:15])  # user and system time, then those of ended children
