"""How to reach pgBackRest: its configuration, and the account that it runs as.

It keeps its files in the folder ``pgbackrest`` of the repository. What it must know stands in a file of its
own that nobody else reads; on its command line there is no secret. It runs as the account that owns the
server's files.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pgwright.backup.repository.encryption import SYMMETRIC, Encryption
from pgwright.backup.repository.streams import output_of
from pgwright.errors import (
    BackupFailed,
    BackupMissing,
    ConfigError,
    PgwrightError,
    RepositoryLocked,
    UnsupportedServerError,
)
from pgwright.pg.address import Address, parse_address
from pgwright.pg.connect import connect
from pgwright.pg.redact import redact
from pgwright.server.account import Account, account_of, can_reach, server_account
from pgwright.server.lifecycle import prepare_home
from pgwright.server.paths import make_directory, state_home, write_private

_PROGRAM = "pgbackrest"


@dataclass(frozen=True, kw_only=True)
class Stanza:
    """Lead pgBackRest to one server's backups: `config` holds where they are, and its secrets.

    `server` are the options that lead to the server itself, where it runs here.
    """

    name: str
    config: Path
    account: Account
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    server: tuple[str, ...] = ()

    def run(self, *words: str) -> str:
        """Run one of its commands and return what it printed. Raises the error that its words tell of."""
        said = output_of(
            [program(), f"--config={self.config}", f"--stanza={self.name}", *words],
            environment=self.environment,
            account=self.account,
            explain=lambda _, errors: _explained(errors, words[-1]),
        )
        return b"".join(said).decode(errors="replace")

    def command(self, *words: str) -> str:
        """Return a command line for PostgreSQL to run, such as its restore_command."""
        return " ".join((program(), f"--config={self.config}", f"--stanza={self.name}", *words))


def program() -> str:
    """Return where pgBackRest is. Raises `ConfigError` where it is not installed."""
    found = shutil.which(_PROGRAM)
    if found is None:
        raise ConfigError(
            "the program pgbackrest is not installed",
            detail="nothing was done",
            hint="on Debian or Ubuntu: apt-get install pgbackrest; or do without it: --engine pgwright",
        )
    return found


def stanza_of(
    repository: str, name: str, encryption: Encryption, *, jobs: int = 1, account: Account | None = None
) -> Stanza:
    """Write its configuration, readable by its account alone, and return what leads to it.

    Raises `ConfigError` for a repository or an encryption that it does not have.
    """
    program()
    owner = account or server_account()
    base = state_home() / _PROGRAM
    prepare_home(state_home() / "instances")
    make_directory(base, mode=0o711 if owner.is_other else 0o700)
    stanza = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-").lower() or "server"
    secrets, place = _cipher(encryption), _place(repository, owner)
    # Projects of one name must not lead each other's archive_command elsewhere.
    where = hashlib.sha256("\n".join(_location(place)).encode()).hexdigest()[:8]
    folder = make_directory(base / f"{stanza}-{where}", owner=owner)
    settings = {
        **secrets,
        **place,
        "log-path": str(folder),
        "lock-path": str(folder),
        "spool-path": str(folder),
        "log-level-file": "off",
        "log-level-console": "off",
        "log-level-stderr": "warn",
        "start-fast": "y",
        "compress-type": "zst",
        "process-max": str(jobs),
        # Only prune deletes.
        "expire-auto": "n",
        "repo1-retention-full": "9999999",
    }
    config = folder / "pgbackrest.conf"
    write_private(config, "\n".join(["[global]", *(f"{k}={v}" for k, v in settings.items()), ""]))
    if owner.is_other:
        os.chown(config, owner.uid, owner.gid)
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
    return Stanza(name=stanza, config=config, account=owner, environment=environment)


def stanza_of_server(
    repository: str, name: str, encryption: Encryption, url: str, *, jobs: int = 1
) -> Stanza:
    """Do the same for the server at `url`, which must run on this machine.

    Raises `UnsupportedServerError` for another machine's.
    """
    program()
    with connect(url, autocommit=True) as conn:
        rows = conn.execute(
            "SELECT name, setting FROM pg_settings WHERE name IN "
            "('data_directory', 'port', 'unix_socket_directories', 'archive_mode', 'archive_command')"
        ).fetchall()
        user = conn.info.user
    settings = {row[0]: row[1] for row in rows}
    data = Path(settings["data_directory"])
    if not (data / "postmaster.pid").exists():
        raise UnsupportedServerError(
            "pgbackrest works on the server's own machine",
            detail=f"{data} is not here; nothing was done",
            hint="run it there, or do without it: pgwright backup create --physical --engine pgwright",
        )
    made = stanza_of(repository, name, encryption, jobs=jobs, account=account_of(data.stat().st_uid))
    if settings["archive_mode"] == "off" or _PROGRAM not in settings["archive_command"]:
        command = made.command(f"--pg1-path={data}", "archive-push", "%p")
        raise UnsupportedServerError(
            "the server does not archive its WAL through pgbackrest, which its backups need",
            detail=f"archive_mode is {settings['archive_mode']}; nothing was done",
            hint="ALTER SYSTEM SET archive_mode = on; "
            f"ALTER SYSTEM SET archive_command = '{command}'; then restart the server",
        )
    address = parse_address(url)
    environment = {**client_environment_of(address), **made.environment}
    sockets = [folder.strip(' "') for folder in settings["unix_socket_directories"].split(",")]
    options = (
        f"--pg1-path={data}",
        f"--pg1-port={settings['port']}",
        f"--pg1-socket-path={sockets[0]}",
        f"--pg1-user={user}",
        "--pg1-database=postgres",
    )
    return Stanza(
        name=made.name, config=made.config, account=made.account, environment=environment, server=options
    )


def client_environment_of(address: Address) -> dict[str, str]:
    """Return the password of an address as a variable of libpq."""
    return {key: text for key, text in address.environ().items() if key in {"PGPASSWORD", "PGPASSFILE"}}


def _place(repository: str, owner: Account) -> dict[str, str]:
    scheme, is_url, rest = repository.partition("://")
    if not is_url:
        folder = Path(repository).expanduser().absolute() / _PROGRAM
        folder.parent.mkdir(parents=True, exist_ok=True)
        make_directory(folder, mode=0o750, owner=owner)
        if owner.is_other and not can_reach(owner, folder):
            raise ConfigError(
                f"user {owner.name}, which runs the server and pgbackrest, cannot enter {folder}",
                detail="a folder on the way there is closed to other users; nothing was done",
                hint="choose a --repository that it can enter, or let it in with chmod",
            )
        return {"repo1-path": str(folder)}
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3":
        raise ConfigError(
            f"pgbackrest is led to folders and to s3:// only, not to {scheme}://",
            detail="nothing was done",
            hint="choose another --repository, or do without it: --engine pgwright",
        )
    endpoint = urlsplit(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or "")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    return {
        "repo1-type": "s3",
        "repo1-path": f"/{prefix.strip('/')}/{_PROGRAM}".replace("//", "/"),
        "repo1-s3-bucket": bucket,
        "repo1-s3-region": region,
        "repo1-s3-endpoint": endpoint.hostname or f"s3.{region}.amazonaws.com",
        **({"repo1-storage-port": str(endpoint.port)} if endpoint.port else {}),
        **({"repo1-s3-uri-style": "path"} if endpoint.hostname else {}),
        "repo1-s3-key": os.environ.get("AWS_ACCESS_KEY_ID", ""),
        "repo1-s3-key-secret": os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
    }


def _location(place: Mapping[str, str]) -> tuple[str, ...]:
    names = ("repo1-path", "repo1-s3-bucket", "repo1-s3-endpoint")
    return tuple(place[name] for name in names if name in place)


def _cipher(encryption: Encryption) -> dict[str, str]:
    if not encryption.recipients:
        return {}
    if SYMMETRIC not in encryption.recipients:
        raise ConfigError(
            "pgbackrest encrypts with a passphrase only, not for keys",
            detail=f"recipients: {', '.join(encryption.recipients)}; nothing was done",
            hint="recipients = ['passphrase'] in [backup], or do without it: --engine pgwright",
        )
    return {"repo1-cipher-type": "aes-256-cbc", "repo1-cipher-pass": encryption.passphrase()}


def _explained(said: str, verb: str) -> PgwrightError:
    words = redact("\n".join(line for line in said.splitlines() if "ERROR" in line or line.startswith(" ")))
    words = words.strip() or redact(said.strip()) or "it said nothing"
    if "[050]" in words:
        return RepositoryLocked(
            "pgbackrest is working on these backups already",
            detail=f"{words}; nothing was changed",
            hint="wait until it has ended",
        )
    if "[055]" in words and verb != "backup":
        return BackupMissing(
            "pgbackrest has no backups there",
            detail=words,
            hint="pgwright backup create --physical --engine pgbackrest",
        )
    if "[082]" in words or "[087]" in words:
        return BackupFailed(
            "the server's WAL does not reach pgbackrest's archive",
            detail=words,
            hint="look into the server's log for what archive_command says: SELECT * FROM pg_stat_archiver",
        )
    return BackupFailed(f"pgbackrest {verb} failed", detail=words, hint="mend the cause that it names")
