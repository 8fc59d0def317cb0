"""Which backups stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pgwright.backup.repository.manifest import DatabaseFacts, Kind, Manifest
from pgwright.backup.retention import Policy, decide

NEWEST = datetime(2025, 7, 31, 2, tzinfo=UTC)
SHOP = DatabaseFacts(name="shop", encoding="UTF8", collation="C", character_type="C", owner="jo")


def made(days: float, *, kind: Kind = Kind.DUMP, parent: str | None = None, name: str = "shop") -> Manifest:
    at = NEWEST - timedelta(days=days)
    return Manifest(
        id=f"{kind}-{name}-{days:g}",
        sequence=int(100_000 - days * 24),
        kind=kind,
        form="custom",
        started_at=at,
        finished_at=at,
        place="",
        server_version=180001,
        program="18.1",
        pgwright="",
        made_by="",
        files=(),
        databases=() if kind is not Kind.DUMP else (DatabaseFacts(**{**SHOP.__dict__, "name": name}),),
        system="1",
        parent=parent,
    )


def stays(backups: list[Manifest], policy: Policy) -> list[str]:
    return [decision.backup.id for decision in decide(backups, policy) if decision.keep]


def test_age_count_and_generations() -> None:
    daily = [made(days) for days in range(400)]
    assert len(stays(daily, Policy(days=30))) == 30
    assert len(stays(daily, Policy(days=0, last=5))) == 5
    kept = stays(daily, Policy(days=0, daily=7, weekly=4, monthly=12))
    assert [f"dump-shop-{days}" for days in range(7)] == kept[:7]
    # The last of each of the last twelve months, and of the last four weeks.
    assert {"dump-shop-31", "dump-shop-61", "dump-shop-92", "dump-shop-334"} <= set(kept)
    assert "dump-shop-365" not in kept and len(kept) == 7 + 2 + 11


def test_the_newest_of_each_series_stays_however_old() -> None:
    backups = [made(300), made(200), made(0, name="other"), made(350, kind=Kind.BASE)]
    assert stays(backups, Policy(days=30)) == ["dump-shop-200", "dump-other-0", "base-shop-350"]


def test_what_an_incremental_builds_on_stays() -> None:
    full = made(40, kind=Kind.BASE)
    first = made(35, kind=Kind.INCREMENTAL, parent=full.id)
    second = made(1, kind=Kind.INCREMENTAL, parent=first.id)
    assert stays([full, first, second], Policy(days=30)) == [full.id, first.id, second.id]
    assert stays([full, first, made(0, kind=Kind.BASE)], Policy(days=30)) == ["base-shop-0"]


@given(
    st.lists(st.integers(0, 900), min_size=1, unique=True),
    st.builds(
        Policy,
        days=st.integers(0, 60),
        last=st.integers(0, 5),
        daily=st.integers(0, 9),
        weekly=st.integers(0, 9),
        monthly=st.integers(0, 9),
    ),
)
def test_never_everything_and_twice_is_once(days: list[int], policy: Policy) -> None:
    backups = [made(age) for age in days]
    first = [decision.backup for decision in decide(backups, policy) if decision.keep]
    assert max(backups, key=lambda m: m.sequence) in first
    assert [d.backup for d in decide(first, policy) if d.keep] == first
    assert len({m.series for m in backups}) == 1
