"""Change statements of a dump on their way: roles of other names, notes that no server takes back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pgwright.pg.quoting import Name, render

# The lines of pg_dump that name a role. Each is a statement of its own on one line; rows of COPY never
# begin like these up to the role's name and a semicolon.
_FORMS = (
    rb"(ALTER [A-Z ]+ .+ OWNER TO )(?P<role>{role})(;)",
    rb"(GRANT .+ TO )(?P<role>{role})((?: WITH GRANT OPTION)?(?: GRANTED BY .+)?;)",
    rb"(REVOKE .+ FROM )(?P<role>{role})(;)",
    rb"(ALTER DEFAULT PRIVILEGES FOR ROLE )(?P<role>{role})( .+;)",
    rb"(SET SESSION AUTHORIZATION )(?P<role>{role})(;)",
)


# Debian's PostgreSQL 17.12 keeps this among the options of columns; pg_dump writes it, no server takes it.
_NOTE = re.compile(rb"ALTER TABLE ONLY .+ ALTER COLUMN .+ SET \(pg_attver=\d+\);\n")


def rewritten(
    chunks: Iterable[bytes], roles: Sequence[tuple[str, str]], *, notes: bool = False
) -> Iterator[bytes]:
    """Yield the SQL of a dump with roles replaced, OLD by NEW; rows of COPY stay untouched.

    `notes` says that the server kept notes of its own on columns, which are left out.
    """
    if not roles and not notes:
        yield from chunks
        return
    rules: list[tuple[re.Pattern[bytes], bytes]] = [
        (
            re.compile(form.replace(b"{role}", re.escape(render(Name(old)).encode()))),
            render(Name(new)).encode(),
        )
        for old, new in roles
        for form in _FORMS
    ]
    copying = False
    for line in _lines(chunks):
        if copying:
            copying = line != b"\\.\n"
        elif line.startswith(b"COPY ") and line.endswith(b" FROM stdin;\n"):
            copying = True
        elif line.startswith((b"ALTER ", b"GRANT ", b"REVOKE ", b"SET SESSION ")):
            if not _NOTE.fullmatch(line):
                yield _replaced(line, rules)
            continue
        yield line


def _replaced(line: bytes, rules: Sequence[tuple[re.Pattern[bytes], bytes]]) -> bytes:
    for pattern, role in rules:
        if match := pattern.match(line):
            return match[1] + role + match[3] + line[match.end() :]
    return line


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for chunk in chunks:
        *complete, held = (held + chunk).split(b"\n")
        yield from (line + b"\n" for line in complete)
    if held:
        yield held
