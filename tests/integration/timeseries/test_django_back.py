"""Django's way back over a renamed field takes partitions, rollups and their history along."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgwright.timeseries.run import Demand, run_policies
from tests.integration.migrate.test_django_create import manage
from tests.integration.migrate.test_django_create import write_shop as write_django_shop
from tests.integration.schema.command import pgwright

MODELS = """
from django.db import models

class Log(models.Model):
    pk = models.CompositePrimaryKey("number", "{at}")
    number = models.IntegerField()
    {at} = models.DateTimeField()
    {kind} = models.TextField()
    {worth} = models.FloatField(null=True)
"""
POLICIES = """
from pgwright.contrib.django.timeseries import Retain, Rollup, TimeSeries

POLICIES = {{
    "Log": (
        TimeSeries("{at}", "{interval}"), Retain("30 years"),
        Rollup("hourly", bucket="1 hour", group_by="{kind}", realtime=True,
            aggregates={{"n": "count(*)", "top": "max({worth})"}}),
        Rollup("daily", bucket="1 day", group_by="{kind}", aggregates={{"n": "sum(n)"}}, of="hourly"),
        Rollup("kinds", group_by="{kind}", aggregates={{"n": "count(*)"}}),
        {more}
    ),
}}
"""
# Of other columns, so that its end and its return know the renamed ones.
ENDED = 'Rollup("worths", group_by=("{kind}", "{worth}"), aggregates={{"n": "count(*)"}}),'
OLD = {"at": "at", "kind": "kind", "worth": "worth"}
NEW = {"at": "seen", "kind": "sort", "worth": "value"}
RENAMES = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("shop", "0002_policies")]
    operations = [
        migrations.RenameField("log", "kind", "sort"),
        migrations.RenameField("log", "worth", "value"),
        migrations.RenameField("log", "at", "seen"),
        migrations.AlterField("log", "pk", models.CompositePrimaryKey(
            "number", "seen", blank=True, editable=False, primary_key=True, serialize=False)),
    ]
"""
ROWS = "INSERT INTO shop_log SELECT i, now() - i * interval '1 hour', i % 3, i FROM generate_series(1, 9) i"


def _declare(folder: Path, names: dict[str, str], interval: str, more: str) -> None:
    (folder / "shop" / "models.py").write_text(MODELS.format(**names))
    text = POLICIES.format(**names, interval=interval, more=more.format(**names))
    (folder / "shop" / "policies.py").write_text(text)


@pytest.mark.parametrize("engine", ["database", "timescale"])
def test_the_way_back_over_renamed_fields(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(engine)
    write_django_shop(tmp_path)
    settings = tmp_path / "site_settings.py"
    settings.write_text(settings.read_text().replace('["shop"]', '["pgwright.contrib.django", "shop"]'))
    _declare(tmp_path, OLD, "1 day", ENDED)
    manage(tmp_path, url, "makemigrations", "shop")
    assert "Add up rows of log in hourly" in manage(tmp_path, url, "makepolicies")
    manage(tmp_path, url, "migrate", "-v0")
    _fill(url, ROWS, "kind")

    (tmp_path / "shop" / "migrations" / "0003_renames.py").write_text(RENAMES)
    _declare(tmp_path, NEW, "2 days", "")
    told = manage(tmp_path, url, "makepolicies")
    assert "the rollup daily, the rollup kinds and end the rollup worths of log" in told
    manage(tmp_path, url, "migrate", "-v0")
    _is_exact(url, "seen", "sort", tmp_path)

    _declare(tmp_path, OLD, "1 day", ENDED)
    # Between the two the way leads on, too.
    for target in ("0003", "0004"):
        manage(tmp_path, url, "migrate", "-v0", "shop", target)
    done = pgwright("migrate", "downgrade", "shop.0002_policies", "--yes", folder=tmp_path, DATABASE_URL=url)
    assert done.returncode == 0, done.stdout + done.stderr
    _is_exact(url, "at", "kind", tmp_path)
    manage(tmp_path, url, "migrate", "-v0", "shop", "zero")
    with psycopg.connect(url) as conn:
        left = "SELECT relname FROM pg_class WHERE relname ~ '^(hourly|daily|kinds|worths|shop_)'"
        assert conn.execute(left).fetchall() == conn.execute("TABLE pgwright.policy").fetchall() == []


def _fill(url: str, rows: str, kind: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(rows.encode())
        assert not run_policies(url, Demand(force=True)).failed
        # Of rows that were retired the rollups alone know.
        for rollup in ("hourly", "daily"):
            conn.execute(f"INSERT INTO {rollup} (bucket, {kind}, n) VALUES ('2001-01-01', 'old', 7)".encode())
        conn.execute("UPDATE pgwright.policy SET floor = '2002-01-01' WHERE name IN ('hourly', 'daily')")


def _is_exact(url: str, at: str, kind: str, folder: Path) -> None:
    """Hold rollups against the rows after one more, and the declarations against the models."""
    planned = pgwright("policy", "plan", folder=folder, DATABASE_URL=url)
    assert planned.returncode == 0 and "nothing" in planned.stdout, planned.stdout + planned.stderr
    with psycopg.connect(url, autocommit=True) as conn:
        told = "SELECT kind, definition->>'column', definition->'group_by'->>0 FROM pgwright.policy"
        assert set(conn.execute(f"{told} WHERE kind <> 'retention'".encode()).fetchall()) <= {
            ("time_series", at, None),
            ("rollup", "", kind),
        }
        conn.execute("INSERT INTO shop_log SELECT max(number) + 1, now(), 'new', 1 FROM shop_log")
        assert not run_policies(url, Demand(force=True)).failed
        fresh = f"SELECT {kind}, count(*) FROM shop_log GROUP BY 1"
        for rollup in ("hourly", "daily", "hourly_live", "kinds"):
            sums = f"SELECT {kind}, sum(n) FROM {rollup} WHERE {kind} <> 'old' GROUP BY 1"
            differ = f"({sums} EXCEPT {fresh}) UNION ALL ({fresh} EXCEPT {sums})"
            assert conn.execute(differ.encode()).fetchall() == [], rollup
        for rollup in ("hourly", "daily"):
            assert conn.execute(f"SELECT n FROM {rollup} WHERE {kind} = 'old'".encode()).fetchall() == [(7,)]
