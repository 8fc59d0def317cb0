"""The configuration of a server that recovers: led to its WAL, away from the surroundings of the old one."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from pgwright.server.account import Account
from pgwright.server.paths import write_private

# What led to the old server's surroundings, or would reach out of the new one.
_DROPPED = re.compile(
    r"\s*(port|listen_addresses|unix_socket\w*|data_directory|hba_file|ident_file|config_file|external_pid_file"
    r"|archive_\w+|restore_command|recovery_\w*|primary_\w+|hot_standby|ssl\w*|log\w*|shared_preload_libraries"
    r"|cluster_name|synchronous_standby_names|fsync|max_connections|max_w\w+|max_prepared_transactions"
    r"|max_locks_per_transaction)\s*=",
    re.IGNORECASE,
)


def configure(data: Path, restore_command: str, directory: Path, account: Account) -> None:
    """Make the files in `data` those of a server of its own, which will stand below `directory`.

    Where recovery ends is left to `aim`.
    """
    # Debian and others keep this file elsewhere.
    main = data / "postgresql.conf"
    text = main.read_text(encoding="utf-8") if main.exists() else ""
    include = "\ninclude_if_exists '../settings.conf'\n"
    _write(main, text if include in text else text + include, account)
    settings = {
        "restore_command": restore_command,
        "archive_mode": "off",
        "logging_collector": "off",
        "log_destination": "stderr",
        "ssl": "off",
        "hba_file": str(directory / "data" / "pgwright_hba.conf"),
        "ident_file": str(directory / "data" / "pgwright_ident.conf"),
    }
    _write_automatic(data, settings, _DROPPED, account)
    # The folder of the socket lets nobody in but this account: there is nobody else to ask for a password.
    _write(data / "pgwright_hba.conf", "local all all trust\nlocal replication all trust\n", account)
    _write(data / "pgwright_ident.conf", "", account)
    _write(data / "recovery.signal", "", account)
    (data / "standby.signal").unlink(missing_ok=True)


def aim(data: Path, settings: Mapping[str, str], account: Account, *, readable: bool = False) -> None:
    """Say by PostgreSQL's `settings` where recovery ends; they hold from the next start.

    `readable` lets sessions read while it has not ended. Without it replay does not depend on the limits of
    the old server.
    """
    wanted = {**settings, "hot_standby": "on" if readable else "off"}
    _write_automatic(data, wanted, re.compile(r"(recovery_\w*|hot_standby) = "), account)


def _write_automatic(
    data: Path, settings: Mapping[str, str], dropped: re.Pattern[str], account: Account
) -> None:
    """Put settings at the end of the file of ALTER SYSTEM, without the lines that are dropped."""
    path = data / "postgresql.auto.conf"
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    kept = [line for line in old.splitlines() if not dropped.match(line)]
    quoted = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()]
    _write(path, "\n".join([*kept, *quoted]) + "\n", account)


def _write(path: Path, text: str, account: Account) -> None:
    write_private(path, text)
    if account.is_other:
        os.chown(path, account.uid, account.gid)
