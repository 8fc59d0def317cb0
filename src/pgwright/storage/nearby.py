"""What to say of a file that the user named and that is not there."""

from __future__ import annotations

import difflib
import shlex
from pathlib import Path

from pgwright.errors import UsageError


def missing_file(name: str | Path) -> UsageError:
    """Return the error, not yet raised; for a path it names the file beside it that is most like it."""
    said = f"there is no file {name}"
    if "://" in str(name):
        return UsageError(
            said,
            detail="nothing was changed",
            hint="check the name, and whether the credentials of the environment reach that place",
        )
    path = Path(name)
    try:
        beside = [entry.name for entry in path.parent.iterdir()]
    except OSError as exc:
        return UsageError(
            said,
            detail=f"the folder {path.parent} cannot be read: {exc.strerror}; nothing was changed",
            hint="correct the path",
        )
    close = difflib.get_close_matches(path.name, beside, n=1)
    return UsageError(
        said + (f"; did you mean {path.with_name(close[0])}?" if close else ""),
        detail="nothing was changed",
        hint=f"see what there is: ls {shlex.quote(str(path.parent))}",
    )
