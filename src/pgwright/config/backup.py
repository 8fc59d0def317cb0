"""The ``[backup]`` section of pgwright.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LOGICAL, PHYSICAL = "logical", "physical"
OWN, PGBACKREST = "pgwright", "pgbackrest"


@dataclass(frozen=True, kw_only=True)
class BackupConfig:
    """Say where and how this project is backed up.

    `repository` is a folder or ``s3://``, ``gs://``, ``az://``. `engine` makes the physical backups and
    archives the WAL: ``pgwright`` or ``pgbackrest``. `recipients` are who can read the backups,
    `identity` and `passphrase_file` what opens them. `schedule` is the time of day of the daily run,
    ``HH:MM``, and `daily` what it makes: ``logical`` backups, ``physical`` ones, or both. A physical one is
    full every `full_days`, and in between incremental where the server can. `drill_days` is the longest time
    between two drills. `keep_*` say what prune leaves; 0 is no rule. `queries` run in each drill and must
    each return true. `stop` and `start` are commands around a recovery.
    """

    repository: str
    engine: str = OWN
    recipients: tuple[str, ...] = ()
    identity: Path | None = None
    passphrase_file: Path | None = None
    form: str = "custom"
    jobs: int = 2
    schedule: str | None = None
    daily: tuple[str, ...] = (LOGICAL,)
    full_days: int = 7
    drill_days: int = 30
    keep_days: int = 30
    keep_last: int = 1
    keep_daily: int = 0
    keep_weekly: int = 0
    keep_monthly: int = 0
    queries: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    configured: bool = False
