"""The extension uuid-ossp for the embedded server, whose own copy needs a library that few systems have.

Half of all guides begin with ``CREATE EXTENSION "uuid-ossp"``, and the schemas that came of them name its
functions in every default.
"""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

_SCRIPT = "uuid-ossp--1.1.sql"
_MODULE = "MODULE_PATHNAME"


def lacks_portable(share: Path) -> bool:
    """Tell whether the extension in PostgreSQL's folder `share` is the one that needs the library."""
    script = share / "extension" / _SCRIPT
    return script.is_file() and _MODULE in script.read_text(encoding="utf-8")


def make_portable(share: Path) -> None:
    """Replace the extension's script by one in PostgreSQL's own languages; servers that run see it at once.

    A database that has the extension already is not touched. Raises OSError.
    """
    script = share / "extension" / _SCRIPT
    draft = script.with_name(f".{_SCRIPT}.{os.getpid()}")
    draft.write_bytes(resources.files("pgwright.server").joinpath("uuid_ossp.sql").read_bytes())
    draft.chmod(0o644)
    draft.replace(script)
