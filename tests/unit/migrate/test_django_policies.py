"""What Django's migrations hold of policies follows models that are renamed or deleted, and their columns."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.db.migrations import (
    AlterField,
    CreateModel,
    DeleteModel,
    RenameField,
    RenameModel,
    SeparateDatabaseAndState,
)
from django.db.models import DateTimeField, IntegerField, TextField

from pgwright.contrib.django.history import Recorded, recorded
from pgwright.contrib.django.policies import missing_operations
from pgwright.contrib.django.timeseries import (
    AddRetention,
    AlterPolicy,
    CreateHypertable,
    CreateRollup,
    FollowRenames,
    RemovePolicy,
)
from pgwright.model.policy import Retain, Rollup, TimeSeries

SERIES, RETAIN = TimeSeries("at", "1 day"), Retain("1 year")
ROLLUP = Rollup("sums", group_by="site", aggregates={"n": "count(*)"})
FIELDS: list[tuple[str, Any]] = [
    ("at", DateTimeField()),
    ("note", TextField()),
    ("kind", IntegerField()),
    ("site", IntegerField()),
]
MADE = [
    CreateModel("Order", [("id", IntegerField(primary_key=True))]),
    CreateModel("Log", FIELDS),
    CreateHypertable("Log", SERIES),
    AddRetention("Order", RETAIN),
    CreateRollup("Log", ROLLUP),
]


def _recorded(*operations: Any) -> Recorded:
    node = ("logs", "0001_initial")
    graph = SimpleNamespace(
        leaf_nodes=lambda label: [node],
        forwards_plan=lambda leaf: [node],
        nodes={node: SimpleNamespace(operations=operations)},
    )
    loader: Any = SimpleNamespace(graph=graph, unmigrated_apps=set())
    return recorded(loader, "logs")


def test_policies_follow_models() -> None:
    found = _recorded(*MADE, RemovePolicy("Log", ROLLUP), RenameModel("Log", "Entry"), DeleteModel("Order"))
    assert found.policies == {("entry", "time_series", "time_series"): SERIES}
    assert list(missing_operations(found.policies, found)) == []


def test_policies_follow_renamed_columns() -> None:
    renames = [
        RenameField("Log", "site", "place"),
        SeparateDatabaseAndState(state_operations=[RenameField("Log", "kind", "sort")]),
        AlterField("Log", "note", TextField(db_column="remark")),
        RenameField("Log", "note", "words"),
        RenameModel("Log", "Entry"),
    ]
    found = _recorded(*MADE, *renames)
    # A field with a column of its own name may be called otherwise.
    assert found.renames["entry"] == (("site", "place"), ("kind", "sort"), ("note", "remark"))
    rollup = Rollup("sums", group_by="place", aggregates={"n": "count(*)"})
    wanted = {**found.policies, ("entry", "rollup", "sums"): rollup}
    (operation,) = missing_operations(wanted, found)
    assert isinstance(operation, FollowRenames)
    assert operation.changes() == ((rollup, False),) and operation.way_back() == ((ROLLUP, False),)
    # What names no such column changes by itself, and what follows is done with the renames.
    weekly = {**found.policies, ("entry", "time_series", "time_series"): TimeSeries("at", "7 days")}
    assert isinstance(next(iter(missing_operations(weekly, found))), AlterPolicy)
    assert _recorded(*MADE, *renames, operation).renames == {}
