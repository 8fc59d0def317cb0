"""Errors of pgwright's that Alembic's command line prints in its own manner, and not as a traceback."""

from __future__ import annotations

from alembic.util import CommandError

from pgwright.errors import PolicyError


class ScriptRefused(PolicyError, CommandError):
    """Be what cannot be written into a script of ``alembic upgrade --sql``."""
