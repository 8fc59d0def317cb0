"""A Django project whose models, declarations and policies change in many ways at once."""

BEFORE = {
    "models.py": """
from django.db import models


class Sensor(models.Model):
    name = models.CharField(max_length=20, db_comment="its label")
    kind = models.IntegerField()
    old = models.TextField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(kind__gt=0), name="kind_positive")]
        indexes = [models.Index(fields=["kind"], name="by_kind")]


class Reading(models.Model):
    pk = models.CompositePrimaryKey("at", "number")
    at = models.DateTimeField()
    number = models.IntegerField()
    value = models.FloatField()


class Kept(models.Model):
    pk = models.CompositePrimaryKey("at", "number")
    at = models.DateTimeField()
    number = models.IntegerField()


class Gone(models.Model):
    name = models.TextField()
""",
    "declarations.py": """
from pgwright.contrib.django.declarations import *

DECLARATIONS = (
    Extension("citext"),
    Statement("CREATE DOMAIN mail AS text CHECK (VALUE ~ '@')", first=True),
    Statement("CREATE TYPE mood AS ENUM ('good', 'bad')"),
    Function("one()", "int", "SELECT 1", language="sql"),
    Function("touch()", "trigger", "BEGIN RETURN NEW; END"),
    Trigger("touch", on="shop_sensor", when="BEFORE UPDATE", execute="touch()"),
    View("sensors", "SELECT id, kind FROM shop_sensor"),
    MaterializedView("kinds", "SELECT kind, count(*) AS n FROM shop_sensor GROUP BY kind", unique=("kind",)),
    RowPolicy("own", on="shop_sensor", using="kind = 1"),
    Grant("SELECT", on="TABLE shop_sensor", to=("shop_reader",)),
    DefaultGrant("SELECT", on="TABLES", to=("shop_reader",), by="shop_writer"),
    Statement("CREATE SEQUENCE IF NOT EXISTS tickets"),
    Statement("ALTER TABLE shop_sensor ADD CONSTRAINT one_kind EXCLUDE (kind WITH =)"),
)
""",
    "policies.py": """
from pgwright.contrib.django.timeseries import Compress, Retain, Rollup, TimeSeries

POLICIES = {
    "Kept": (TimeSeries("at", "1 month"), Retain("1 year"), Rollup("kept_daily", bucket="1 day",
        aggregates={"n": "count(*)"})),
}
""",
}

AFTER = {
    "models.py": BEFORE["models.py"]
    .replace("    old = models.TextField(null=True)\n", "    fresh = models.IntegerField(db_default=5)\n")
    .replace("kind__gt=0", "kind__gt=1")
    .replace("its label", "its name")
    .replace('fields=["kind"], name="by_kind"', 'fields=["-kind", "name"], name="by_kind_name"')
    .partition("class Gone")[0],
    "declarations.py": """
from pgwright.contrib.django.declarations import *

DECLARATIONS = (
    Statement("CREATE TYPE mood AS ENUM ('good', 'fair', 'bad')"),
    Function("touch()", "trigger", "BEGIN NEW.kind := 2; RETURN NEW; END"),
    Trigger("touch", on="shop_sensor", when="AFTER UPDATE", execute="touch()"),
    Statement("ALTER TABLE shop_sensor SET (fillfactor = 70)"),
)
""",
    "policies.py": """
from pgwright.contrib.django.timeseries import Compress, Retain, Rollup, TimeSeries

POLICIES = {
    "Reading": (TimeSeries("at", "1 day"), Compress("30 days", segment_by="number"), Retain("1 year"),
        Rollup("reading_daily", bucket="1 day", group_by=("number",), aggregates={"top": "max(value)"})),
    "Kept": (TimeSeries("at", "1 week"), Retain("2 years")),
}
""",
}

SAYS = (
    "DROP VIEW public.sensors",
    "DROP MATERIALIZED VIEW public.kinds",
    "DROP POLICY own",
    "REVOKE SELECT ON TABLE public.shop_sensor FROM shop_reader",
    "ALTER DEFAULT PRIVILEGES FOR ROLE shop_writer REVOKE",
    "DROP DOMAIN public.mail",
    "DROP EXTENSION citext",
    "DROP FUNCTION public.one()",
    "ADD VALUE IF NOT EXISTS 'fair' AFTER 'good'",
    "migrations.DeleteModel(",
    "migrations.RemoveField(",
    "CreateHypertable(",
    "AlterPolicy(",
    "RemovePolicy(",
    "CreateRollup(",
)
