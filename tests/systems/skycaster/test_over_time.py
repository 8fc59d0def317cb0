"""Audit logs by month, retention and totals, with the commands of the README."""

from __future__ import annotations

import json
from typing import Any

from .system import OTHER_SUMMARY, Skycaster

USERS = "INSERT INTO users (email, password_hash, full_name) SELECT g || '@example.org', '$x$', 'x' {}"
CALLS = """
INSERT INTO usage_logs (user_id, endpoint, method, status_code, response_time_ms, cost, created_at)
SELECT u.id, '/v1/now', 'GET', 200, 5, 0.5, now() - n * interval '3 days'
FROM users AS u, generate_series(1, 200) AS n
"""
AUDIT = """
INSERT INTO audit_logs (activity_type, "timestamp")
SELECT 'login', now() - n * interval '1 day' FROM generate_series(1, 400) AS n
"""


def policy(skycaster: Skycaster, *words: str) -> Any:
    return json.loads(skycaster.python("-m", "pgwright", "policy", *words, "--json"))


def one(skycaster: Skycaster, query: str) -> Any:
    return skycaster.names(query)[0]


def test_a_full_database_at_0006_becomes_one_over_time(skycaster: Skycaster) -> None:
    skycaster.alembic("upgrade", "0006")
    with skycaster.connect() as connection:
        connection.execute(USERS.format("FROM generate_series(1, 20) AS g").encode())
        connection.execute(CALLS.encode())
        connection.execute(AUDIT.encode())
    skycaster.alembic("upgrade", "head")
    assert one(skycaster, "SELECT count(*) FROM audit_logs") == 400
    assert policy(skycaster, "plan")["steps"] == []
    before = {o["subject"]: o["said"] for o in policy(skycaster, "run", "--dry-run")["outcomes"]}
    assert before["public.audit_logs"].startswith("nothing is old enough")
    assert "would delete" in before["public.audit_logs_history"] and "would" in before["public.usage_logs"]
    assert one(skycaster, "SELECT count(*) FROM audit_logs") == 400
    policy(skycaster, "run", "--yes")
    old = "count(*) FILTER (WHERE {} < now() - interval {}), count(*) > 100"
    with skycaster.connect() as connection:
        audit = old.format('"timestamp"', "'6 months'")
        assert connection.execute(f"SELECT {audit} FROM audit_logs").fetchone() == (0, True)
        usage = old.format("created_at", "'1 year'")
        assert connection.execute(f"SELECT {usage} FROM usage_logs").fetchone() == (0, True)
    ahead = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'audit_logs'::regclass"
    assert one(skycaster, ahead) == 5
    policy(skycaster, "run", "--yes", "--force")
    assert (
        skycaster.names(OTHER_SUMMARY) == []
        and one(skycaster, "SELECT count(*) FROM user_usage_summary") == 20
    )
    with skycaster.connect() as connection:
        connection.execute("UPDATE usage_logs SET cost = 2 WHERE created_at > now() - interval '9 days'")
    policy(skycaster, "run", "--yes", "--force")
    assert skycaster.names(OTHER_SUMMARY) == []
    assert all(s["state"] == "ok" for s in policy(skycaster, "status"))
