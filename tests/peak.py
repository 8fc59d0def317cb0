"""The peak memory of a Python program, as the program says itself at its end.

getrusage() does not do: of a process that was forked it also counts what its parent held before the exec.
"""

from __future__ import annotations

_TOLD = r"""
import atexit, re, runpy, sys
def tell():
    with open("/proc/self/status") as status:
        sys.stderr.write("peak " + re.search(r"VmHWM:\s+(\d+)", status.read())[1])
atexit.register(tell)
del sys.argv[0]
if sys.argv[0] == "-m":
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
else:
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


def telling_peak(*arguments: str) -> tuple[str, ...]:
    """Return the arguments with which Python runs ``python arguments`` and tells its peak on stderr."""
    return ("-c", _TOLD, *arguments)


def told_peak(stderr: str) -> int:
    """Return the peak memory in kilobytes that such a program told."""
    return int(stderr.rpartition("peak ")[2])
