"""The audit trail, security events and performance metrics."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from app.demo.copying import DAYS, Value, World, new_id
from app.demo.people import Person

AUDIT_COLUMNS = (
    "id", "timestamp", "activity_type", "user_id", "resource_type", "resource_id", "ip_address",
    "user_agent", "success", "details",
)  # fmt: skip
EVENT_COLUMNS = (
    "id", "event_type", "severity", "source_ip", "user_id", "details", "detected_at", "resolved_at",
)  # fmt: skip
METRIC_COLUMNS = ("id", "metric_name", "host", "value", "unit", "labels", "recorded_at")

# activity, resource it touches, weight
_ACTIVITIES = (
    ("user.login", None, 52), ("user.logout", None, 17), ("user.updated", "user", 6),
    ("api_key.created", "api_key", 5), ("api_key.revoked", "api_key", 2),
    ("invoice.downloaded", "invoice", 9), ("subscription.changed", "subscription", 3),
    ("export.requested", "usage_log", 4),
    ("pricing.updated", "pricing_config", 1), ("access.denied", None, 1),
)  # fmt: skip
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0", "Mozilla/5.0 (Macintosh) Safari/17.5",
    "skycaster-python/2.3", "skycaster-js/4.1", "curl/8.8.0",
)  # fmt: skip
_EVENTS = (
    ("login.brute_force", "high", 15), ("api_key.leaked", "critical", 2), ("rate_limit.exceeded", "low", 55),
    ("login.new_country", "medium", 25), ("token.forged", "high", 3),
)  # fmt: skip
# metric, unit, usual value, spread, swing over the day
_METRICS = (
    ("cpu.busy", "%", 38.0, 4.0, 22.0), ("memory.used", "%", 61.0, 1.5, 4.0),
    ("http.requests", "1/s", 42.0, 5.0, 30.0),
    ("http.latency_p95", "ms", 180.0, 18.0, 60.0), ("db.pool_in_use", "connections", 9.0, 1.5, 6.0),
    ("cache.hit_ratio", "%", 84.0, 1.2, 5.0),
)  # fmt: skip
_HOSTS = ("api-1", "api-2", "api-3")
_METRIC_DAYS = 90


def audit_logs(world: World, everyone: Sequence[Person]) -> Iterator[tuple[Value, ...]]:
    """Yield the rows of `audit_logs`, oldest first."""
    rng = world.random("audit_logs")
    weights = [row[2] for row in _ACTIVITIES]
    rows = world.amount(50_000)
    # Square root: the number of acts per day grows with the number of users.
    moments = sorted(math.sqrt(rng.random()) for _ in range(rows))
    for moment in moments:
        when = world.start + timedelta(days=DAYS * moment)
        activity, resource, _ = rng.choices(_ACTIVITIES, weights)[0]
        success = activity != "access.denied" and rng.random() > 0.02
        details: dict[str, object] = {"request": rng.randbytes(6).hex()}
        if not success:
            details["reason"] = rng.choice(("wrong password", "expired session", "missing permission"))
        yield (
            new_id(rng), when, activity, _present(rng, everyone, when), resource,
            new_id(rng) if resource else None, _address(rng), rng.choice(_AGENTS), success, details,
        )  # fmt: skip


def security_events(world: World, everyone: Sequence[Person]) -> Iterator[tuple[Value, ...]]:
    """Yield the rows of `security_events`, oldest first; recent ones may be unresolved."""
    rng = world.random("security_events")
    weights = [row[2] for row in _EVENTS]
    for moment in sorted(rng.random() for _ in range(world.amount(2000))):
        when = world.start + timedelta(days=DAYS * moment)
        event, severity, _ = rng.choices(_EVENTS, weights)[0]
        resolved = when + timedelta(hours=rng.expovariate(1 / 20))
        user = _present(rng, everyone, when) if rng.random() < 0.7 else None
        details: dict[str, object] = {"attempts": rng.randint(1, 400)}
        yield (
            new_id(rng), event, severity, _address(rng), user, details, when,
            resolved if resolved < world.anchor else None,
        )  # fmt: skip


def metrics(world: World) -> Iterator[tuple[Value, ...]]:
    """Yield the rows of `performance_metrics`: every hour of the last quarter, every host."""
    rng = world.random("performance_metrics")
    begin = world.anchor - timedelta(days=_metric_days(world))
    for hour in range(_metric_days(world) * 24):
        when = begin + timedelta(hours=hour)
        busy = -math.cos((hour % 24 - 3) / 24 * 2 * math.pi)
        for host in _HOSTS:
            labels: dict[str, object] = {"region": "eu-1" if host != "api-3" else "us-1", "version": "2.3.1"}
            for name, unit, usual, spread, swing in _METRICS:
                value = max(0.0, usual + swing * busy + rng.gauss(0, spread))
                yield new_id(rng), name, host, round(value, 3), unit, labels, when


def metric_rows(world: World) -> int:
    """Return how many rows `metrics` will yield."""
    return _metric_days(world) * 24 * len(_HOSTS) * len(_METRICS)


def _metric_days(world: World) -> int:
    return world.amount(_METRIC_DAYS)


def _present(rng: random.Random, everyone: Sequence[Person], when: datetime) -> str:
    """Choose someone who had joined by then; the first of all always had."""
    person = rng.choice(everyone)
    return person.id if person.joined <= when else everyone[0].id


def _address(rng: random.Random) -> str:
    # The three ranges that are reserved for documentation.
    return f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randint(1, 254)}"
