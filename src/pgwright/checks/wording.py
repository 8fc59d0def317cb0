"""Numbers and names as findings say them."""

from __future__ import annotations

from pgwright.pg.quoting import Name, render


def span(seconds: float | None) -> str:
    """Return a span of time in its largest fitting unit: ``12 min``."""
    seconds = seconds or 0.0
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def amount(number: float | None) -> str:
    """Return bytes in their largest fitting unit: ``1.4 GB``; 1 kB is 1024 bytes."""
    size = float(number or 0)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"


def listed(names: list[str] | tuple[str, ...], *, most: int = 3) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def quoted(*parts: str) -> str:
    """Return a name, quoted where PostgreSQL wants it, its parts joined by dots."""
    return render(Name(*parts))
