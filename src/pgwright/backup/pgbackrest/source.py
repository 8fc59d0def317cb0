"""A recovery from pgBackRest's backups and archive."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from pgwright.backup.pgbackrest.backups import Made, backups
from pgwright.backup.pgbackrest.stanza import Stanza
from pgwright.backup.recover.plan import Target
from pgwright.backup.recover.recover import Progress
from pgwright.backup.repository.streams import output_of
from pgwright.backup.wal.lsn import parse_lsn
from pgwright.server import Binaries
from pgwright.server.account import Account
from pgwright.server.paths import make_directory

# As pg_controldata calls the settings without which a server does not replay.
CONTROL = {
    "max_connections": "max_connections",
    "max_worker_processes": "max_worker_processes",
    "max_wal_senders": "max_wal_senders",
    "max_prepared_xacts": "max_prepared_transactions",
    "max_locks_per_xact": "max_locks_per_transaction",
}


@dataclass(frozen=True, kw_only=True)
class StanzaSource:
    """Be the source of a recovery; `backup` is the newest one, and used only where it was `named`."""

    stanza: Stanza
    backup: Made
    target: Target
    named: bool = False

    @property
    def major(self) -> int:
        """Return the major version that the files belong to."""
        return int(self.backup.server_version.split(".")[0])

    @property
    def bytes(self) -> int:
        """Return about how much disk the new server needs."""
        return self.backup.server_size

    @property
    def begins_from(self) -> Made:
        """Return the backup that recovery begins from."""
        lsn, time = self.target.lsn, self.target.time
        fitting = [
            made
            for made in (() if self.named else backups(self.stanza))
            if (lsn is None or (made.end_lsn is not None and parse_lsn(made.end_lsn) <= parse_lsn(lsn)))
            and (time is None or made.finished_at <= time)
        ]
        return fitting[-1] if fitting else self.backup

    @property
    def options(self) -> tuple[str, ...]:
        """Return how pgBackRest is told where to end; for a time or position it chooses the backup itself."""
        kind, text = self._kind
        found = [f"--type={kind}", "--archive-mode=off"]
        found += [f"--target={text}", "--target-action=promote"] if text else []
        found += ["--target-exclusive"] if text and self.target.exclusive else []
        found += [f"--target-timeline={self.target.timeline}"] if self.target.timeline else []
        found += [f"--set={self.backup.id}"] if self.named else []
        return tuple(found)

    def fill(
        self, draft: Path, account: Account, programs: Binaries, _: Progress | None
    ) -> Mapping[str, str]:
        """Restore the files below ``draft/data`` and return the settings that they were written under."""
        data = make_directory(draft / "data", owner=account)
        self.stanza.run(f"--pg1-path={data}", *self.options, "restore")
        command: list[str | Path] = [programs.program("pg_controldata"), data]
        said = b"".join(output_of(command, environment=programs.environment(), account=account)).decode()
        found = dict(re.findall(r"^(\w+) setting: +(\d+)$", said, re.MULTILINE))
        return {setting: found[name] for name, setting in CONTROL.items() if name in found}

    def restore_command(self, directory: Path) -> str:
        """Return the command that fetches a file of WAL, once the draft has become `directory`."""
        return self.stanza.command(f"--pg1-path={directory / 'data'}", "archive-get", "%f", '"%p"')

    def reason(self, log: str) -> str:
        """Return why recovery did not get there, from the end of the server's log."""
        return log

    @property
    def _kind(self) -> tuple[str, str]:
        if self.target.time is not None:
            return "time", f"{self.target.time.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00"
        found = {"lsn": self.target.lsn, "xid": self.target.xid, "name": self.target.name}
        return next(((kind, text) for kind, text in found.items() if text is not None), ("default", ""))
