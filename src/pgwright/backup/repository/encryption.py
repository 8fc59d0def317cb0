"""Who may read a backup: age recipients, gpg keys, or a passphrase; compression comes before.

The server that writes holds public keys only. Secrets reach programs by file or file descriptor, never in
an argument list.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pgwright.backup.repository.streams import output_of, transformed
from pgwright.errors import BackupFailed, ConfigError, WrongKey

AGE, GPG = "age", "gpg"
SYMMETRIC = "passphrase"
PASSPHRASE = "PGWRIGHT_PASSPHRASE"  # noqa: S105 - the name of the variable
IDENTITY = "PGWRIGHT_IDENTITY"
_GPG_OPTIONS = ("--batch", "--quiet", "--yes", "--no-tty", "--status-fd", "2")


@dataclass(frozen=True, kw_only=True)
class Encryption:
    """Say for whom backups are encrypted and with what they are opened.

    `recipients` are age public keys (``age1...``), SSH public keys, ``gpg:KEY`` for keys of gpg's ring, or
    ``passphrase`` for gpg with a passphrase; one way at a time. `identity` is a file with age or SSH private
    keys; the passphrase comes from `passphrase_file` or PGWRIGHT_PASSPHRASE.
    """

    recipients: tuple[str, ...] = ()
    identity: Path | None = None
    passphrase_file: Path | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def __post_init__(self) -> None:
        if len({_way(recipient) for recipient in self.recipients}) > 1 or (
            SYMMETRIC in self.recipients and len(self.recipients) > 1
        ):
            raise ConfigError(
                "a backup is encrypted in one way: for age keys, for gpg keys, or with a passphrase",
                detail=f"recipients: {', '.join(self.recipients)}",
                hint="keep those of one kind",
            )

    @property
    def way(self) -> str | None:
        """Return ``age`` or ``gpg``, None without encryption."""
        return _way(self.recipients[0]) if self.recipients else None

    def check(self) -> None:
        """Raise before any work where encrypting cannot succeed: a malformed key, gpg missing."""
        if self.way == AGE:
            self._age_recipients()
        elif self.way == GPG:
            # It makes its folder, where there is none: of two that begin at once, each would, and one fails.
            _ring(self.environ, "--list-keys")
            if SYMMETRIC in self.recipients:
                self.passphrase()

    def seal(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the chunks encrypted for the recipients; unchanged without any."""
        if self.way is None:
            return iter(chunks)
        if self.way == AGE:
            import pyrage  # noqa: PLC0415

            keys = self._age_recipients()
            return transformed(chunks, lambda reader, writer: pyrage.encrypt_io(reader, writer, keys))
        options = ["--compress-algo", "none", "--cipher-algo", "AES256"]
        if SYMMETRIC in self.recipients:
            return self._with_passphrase([*options, "--symmetric"], chunks)
        names = [part for recipient in self.recipients for part in ("--recipient", recipient[4:])]
        command = [_gpg(), *_GPG_OPTIONS, *options, "--trust-model", "always", *names, "--encrypt"]
        return output_of(command, environment=self.environ, given=chunks, explain=_not_sealed)

    def open(self, chunks: Iterable[bytes], way: str, *, name: str) -> Iterator[bytes]:
        """Yield what `seal` was given; `way` is what the manifest says.

        Raises `WrongKey` where no key here opens it; `name` is that of the file, for messages.
        """
        if way == AGE:
            return self._open_age(chunks, name)
        if self.passphrase_file or self.environ.get(PASSPHRASE):
            return self._with_passphrase(["--decrypt"], chunks, name=name)
        command = [_gpg(), *_GPG_OPTIONS, "--decrypt"]
        return output_of(
            command,
            environment=self.environ,
            given=chunks,
            explain=lambda _, words: _gpg_refused(name, words),
        )

    def can_open(self, way: str, recipients: Sequence[str] = ()) -> bool:
        """Tell whether there is anything to open a file for `recipients` with, without trying it."""
        if way == AGE:
            return self._identity_file() is not None
        known = bool(self.passphrase_file or self.environ.get(PASSPHRASE))
        return known or (SYMMETRIC not in recipients and b"sec:" in _ring(self.environ, "--list-secret-keys"))

    def _open_age(self, chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
        import pyrage  # noqa: PLC0415

        identities = self._age_identities(name)
        try:
            yield from transformed(
                chunks, lambda reader, writer: pyrage.decrypt_io(reader, writer, identities)
            )
        except pyrage.DecryptError as error:
            raise _wrong_key(name, str(error), self._identity_file()) from error

    def _age_recipients(self) -> list[Any]:
        pyrage = _pyrage()
        found = []
        for text in self.recipients:
            try:
                kind = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
                found.append(kind.Recipient.from_str(text))
            except pyrage.RecipientError as error:
                raise ConfigError(
                    f"{text[:40]} is not a public key of age",
                    detail=str(error),
                    hint="write age1..., ssh-ed25519 ..., gpg:KEY or passphrase; a new pair: age-keygen",
                ) from error
        return found

    def _identity_file(self) -> Path | None:
        named = self.environ.get(IDENTITY)
        return self.identity or (Path(named) if named else None)

    def _age_identities(self, name: str) -> list[Any]:
        pyrage = _pyrage()
        path = self._identity_file()
        if path is None:
            raise WrongKey(
                f"{name} is encrypted with age, and no private key is known here",
                hint=f"name the file that holds it: --identity FILE, or {IDENTITY}=FILE",
            )
        try:
            text = path.expanduser().read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise WrongKey(
                f"cannot read the private key in {path}",
                detail=getattr(error, "strerror", None) or "it is not text",
                hint="name the file that age-keygen wrote: --identity FILE",
            ) from error
        try:
            if text.startswith("-----BEGIN"):
                return [pyrage.ssh.Identity.from_buffer(text.encode())]
            lines = (line.strip() for line in text.splitlines())
            found = [
                pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")
            ]
        except pyrage.IdentityError as error:
            raise WrongKey(f"{path} holds no private key of age", detail=str(error)) from error
        if not found:
            raise WrongKey(f"{path} holds no private key of age", hint="name the file that age-keygen wrote")
        return found

    def passphrase(self) -> str:
        """Return the passphrase. Raises `WrongKey` where none is known here."""
        if self.passphrase_file is not None:
            try:
                text = self.passphrase_file.expanduser().read_text().rstrip("\n")
            except OSError as error:
                raise WrongKey(
                    f"cannot read the passphrase in {self.passphrase_file}", detail=error.strerror
                ) from error
        else:
            text = self.environ.get(PASSPHRASE, "")
        if not text:
            raise WrongKey(
                "no passphrase is known here",
                hint=f"set {PASSPHRASE}, or name a file that holds it: passphrase_file in [backup]",
            )
        return text

    def _with_passphrase(
        self, options: list[str], chunks: Iterable[bytes], *, name: str | None = None
    ) -> Iterator[bytes]:
        # An anonymous file rather than a pipe: gpg reads it when it likes, and nothing waits.
        with tempfile.TemporaryFile() as secret:
            secret.write(f"{self.passphrase()}\n".encode())
            secret.flush()
            secret.seek(0)
            command = [_gpg(), *_GPG_OPTIONS, "--pinentry-mode", "loopback"]
            command += ["--passphrase-fd", str(secret.fileno()), *options]
            yield from output_of(
                command,
                environment={key: text for key, text in self.environ.items() if key != PASSPHRASE},
                given=chunks,
                pass_fds=(secret.fileno(),),
                explain=_not_sealed if name is None else lambda _, words: _gpg_refused(name, words),
            )


def _way(recipient: str) -> str:
    return GPG if recipient == SYMMETRIC or recipient.startswith("gpg:") else AGE


def _pyrage() -> Any:
    try:
        import pyrage  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "encryption for age keys needs the package pyrage", hint="run: pip install 'pgwright[age]'"
        ) from error
    return pyrage


def _gpg() -> str:
    found = shutil.which("gpg")
    if found is None:
        raise ConfigError(
            "the program gpg is not installed", hint="on Debian or Ubuntu: apt-get install gnupg"
        )
    return found


def _ring(environ: Mapping[str, str], what: str) -> bytes:
    """Return what gpg lists of its ring, nothing where it fails: whoever uses a key is told why."""
    command = [_gpg(), "--batch", "--with-colons", what]
    try:
        return b"".join(output_of(command, environment=environ))
    except BackupFailed:
        return b""


def _not_sealed(_: str, words: str) -> Exception:
    return BackupFailed(
        "gpg could not encrypt the backup",
        detail=_plain(words),
        hint="check that the keys are in its ring: gpg --list-keys",
    )


def _gpg_refused(name: str, words: str) -> Exception:
    if (
        "NO_SECKEY" in words
        or "Bad session key" in words
        or "NODATA" in words
        or "no secret" in words.lower()
    ):
        return _wrong_key(name, _plain(words), None)
    from pgwright.errors import BackupDamaged  # noqa: PLC0415

    return BackupDamaged(f"{name} does not decrypt: it is damaged", detail=_plain(words))


def _wrong_key(name: str, words: str, path: Path | None) -> WrongKey:
    tried = f"the key in {path}" if path else "the keys or the passphrase here"
    how = (
        "another --identity"
        if path
        else f"{PASSPHRASE} or --passphrase-file, or gpg --import of the private key"
    )
    return WrongKey(
        f"{name} cannot be opened with {tried}",
        detail=f"{words}; nothing was changed",
        hint=f"which it needs is shown by: pgwright backup list --json (recipients); give it with {how}",
    )


def _plain(words: str) -> str:
    return "\n".join(line for line in words.splitlines() if not line.startswith("[GNUPG:]"))
