"""Passwords out of every text that leaves the program.

Two nets: patterns (URLs, keyword strings, environment assignments, SQL) catch passwords never seen
before, and the register of secrets seen by `remember_secret` catches known ones in any other form.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable

MASK = "****"

# A secret shorter than this is masked only where it stands alone as a word: masking every "test"
# inside "tests/latest" would ruin messages without hiding anything.
_LONG_ENOUGH_ANYWHERE = 8
_SHORTEST_MASKED = 3

_known: set[str] = set()
_lock = threading.Lock()
_pattern: re.Pattern[str] | None = None

_WORDS = r"(?:password|passwd|passphrase|sslpassword|oauth_client_secret|scram_client_key|scram_server_key)"
# Quoted and bare pieces in a row, as a shell reads them; an unclosed quote hides the rest of the word.
_VALUE = r"""(?:'(?:\\.|''|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\s'"&,;)}\]]|['"]\S*)+"""

# What every rule needs to be there: most texts have none of it, and one search tells.
_SIGNS = re.compile(r"://|pass|secret|token|key|scram", re.IGNORECASE)

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # scheme://user:password@host; greedy up to the last @, for passwords that hold an unescaped @, : or /
    (re.compile(r"""(\b[a-zA-Z][\w+.-]*://[^\s:/?#@"'<>]*):[^\s"'<>]*@"""), rf"\1:{MASK}@"),
    # scheme://user:password with the @host forgotten; a port has no letters
    (
        re.compile(r"""(\b[a-zA-Z][\w+.-]*://[^\s:/?#@"'<>\[]*):(?=[^\s/?,@"'<>]*[A-Za-z])[^\s/?,@"'<>]*"""),
        rf"\1:{MASK}",
    ),
    # SQL: CREATE ROLE x PASSWORD 'y', also ENCRYPTED PASSWORD E'y'
    (re.compile(r"""(\bpassword\s+)E?'(?:\\.|''|[^'\\])*'""", re.IGNORECASE), rf"\1'{MASK}'"),
    # keyword strings, URL queries, JSON and repr() of mappings: password=x, "password": "x", PGPASSWORD=x
    (
        re.compile(rf"""((?:\b|_|PG){_WORDS}["']?\s*[=:]\s*){_VALUE}""", re.IGNORECASE),
        rf"\1{MASK}",
    ),
    (re.compile(rf"(--(?:\w+-)*password(?:\s+|=)){_VALUE}", re.IGNORECASE), rf"\1{MASK}"),
    (
        re.compile(rf"\b((?:[A-Z0-9]+_)*(?:SECRET|SECRET_KEY|TOKEN|ACCESS_KEY|API_KEY)=){_VALUE}"),
        rf"\1{MASK}",
    ),
)


def remember_secret(secret: str | None, *, public: Iterable[str | None] = ()) -> None:
    """Mask `secret` in every later `redact`.

    Texts in `public` (user, database, host of the same connection) are never treated as secrets:
    a password equal to the role's name would otherwise erase that name from every message.
    """
    global _pattern  # noqa: PLW0603
    if not secret or len(secret) < _SHORTEST_MASKED or secret in set(public):
        return
    with _lock:
        if secret in _known:
            return
        _known.add(secret)
        _pattern = _compile(_known)


def forget_secrets() -> None:
    """Empty the register; for tests."""
    global _pattern  # noqa: PLW0603
    with _lock:
        _known.clear()
        _pattern = None


def redact(text: str) -> str:
    """Return `text` with every password in it replaced by ``****``.

    Covers URLs, libpq keyword strings, PGPASSWORD and similar assignments, ``PASSWORD '...'`` in SQL,
    and all secrets given to `remember_secret`, also in their percent-encoded and escaped spellings.
    Idempotent.
    """
    if _pattern is not None:
        text = _pattern.sub(MASK, text)
    if _SIGNS.search(text) is None:
        return text
    for rule, replacement in _RULES:
        text = rule.sub(replacement, text)
    return text


def safe_url(url: str) -> str:
    """Return `url` without its password, still usable where the password comes from elsewhere.

    Keyword strings lose their ``password=`` the same way. Text that is no connection text is redacted.
    """
    from pgwright.pg.address import parse_address  # noqa: PLC0415

    try:
        return parse_address(url).without_password().text
    except Exception:
        return redact(url)


def _compile(secrets: Iterable[str]) -> re.Pattern[str]:
    branches: set[str] = set()
    for secret in secrets:
        for spelling in _spellings(secret):
            branch = re.escape(spelling)
            if len(secret) < _LONG_ENOUGH_ANYWHERE:
                branch = rf"(?<![A-Za-z0-9]){branch}(?![A-Za-z0-9])"
            branches.add(branch)
    # Longest first, so that a secret that begins with another one leaves no tail.
    return re.compile("|".join(sorted(branches, key=lambda b: (-len(b), b))))


def _spellings(secret: str) -> set[str]:
    from urllib.parse import quote, quote_plus  # noqa: PLC0415

    escaped = secret.replace("\\", "\\\\")
    return {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        escaped.replace("'", "\\'"),
        escaped.replace('"', '\\"'),
        secret.replace("'", "''"),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    }
