"""Who hears what a migration is doing; by default nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgwright.errors import PgwrightError
    from pgwright.migrate.lookout import BuildProgress, LongStatement, OldTransaction
    from pgwright.pg.blocking import Blocker


class Audience:
    """Hear nothing; subclasses override what they want to hear.

    `wants_statements` asks for each statement as it begins, which costs a message each.
    """

    wants_statements = False

    def waits_for_turn(self, holder: str) -> None:
        """Another session migrates this database; its end is waited for."""

    def old_transactions(self, found: Sequence[OldTransaction]) -> None:
        """Transactions have been open for long: locks and concurrent builds will wait for them."""

    def began(self, revision: str, direction: str) -> None:
        """Begin a revision."""

    def statement(self, sql: str) -> None:
        """Begin a statement."""

    def skipped(self, sql: str) -> None:
        """Leave out a statement that is committed already."""

    def ended(self, revision: str, direction: str, seconds: float) -> None:
        """Commit a revision."""

    def blocked(self, blockers: Sequence[Blocker]) -> None:
        """Wait for locks that others hold."""

    def builds(self, progress: BuildProgress) -> None:
        """Build an index."""

    def works(self, statement: LongStatement) -> None:
        """Work on a statement of which the server tells no progress."""

    def mended(self, name: str) -> None:
        """Remove the leftover of a concurrent build that failed."""

    def tries_again(self, revision: str | None, error: PgwrightError, *, pause: float) -> None:
        """Try a revision again after `pause` seconds."""

    def said(self, line: str) -> None:
        """Pass on a line that the project's own code printed."""
