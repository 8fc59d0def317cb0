"""What Django's migrations hold of policies follows models that are renamed or deleted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.db.migrations import DeleteModel, RenameModel

from pgwright.contrib.django.policies import missing_operations, recorded
from pgwright.contrib.django.timeseries import AddRetention, CreateHypertable
from pgwright.model.policy import Retain, TimeSeries


def test_policies_follow_models() -> None:
    series, retain = TimeSeries("at", "1 day"), Retain("1 year")
    operations = [
        CreateHypertable("Log", series),
        AddRetention("Order", retain),
        RenameModel("Log", "Entry"),
        DeleteModel("Order"),
    ]
    node = ("logs", "0001_initial")
    graph = SimpleNamespace(
        leaf_nodes=lambda label: [node],
        forwards_plan=lambda leaf: [node],
        nodes={node: SimpleNamespace(operations=operations)},
    )
    loader: Any = SimpleNamespace(graph=graph)
    found = recorded(loader, "logs")
    assert found == {("entry", "time_series", "time_series"): series}
    assert list(missing_operations(found, found)) == []
