"""The kinds of database objects, in the order in which they are read.

A kind that looks up what others have found (comments, grants, owners) comes after those.
To add a kind: one module with its query beside it, one line here, one folder of cases.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from pgwright.kinds.contract import Kind

KINDS: dict[str, str] = {
    "schema": "pgwright.kinds.schema:KIND",
    "extension": "pgwright.kinds.extension:KIND",
    "collation": "pgwright.kinds.collation:KIND",
    "enum": "pgwright.kinds.enum:KIND",
    "domain": "pgwright.kinds.domain:KIND",
    "composite": "pgwright.kinds.composite:KIND",
    "range": "pgwright.kinds.range:KIND",
    "sequence": "pgwright.kinds.sequence:KIND",
    "text_search_dictionary": "pgwright.kinds.text_search_dictionary:KIND",
    "text_search_configuration": "pgwright.kinds.text_search_configuration:KIND",
    "foreign_server": "pgwright.kinds.foreign_server:KIND",
    "table": "pgwright.kinds.table:KIND",
    "column": "pgwright.kinds.column:KIND",
    "column_override": "pgwright.kinds.column_override:KIND",
    "sequence_owner": "pgwright.kinds.sequence_owner:KIND",
    "constraint": "pgwright.kinds.constraint:KIND",
    "view": "pgwright.kinds.view:KIND",
    "materialized_view": "pgwright.kinds.materialized_view:KIND",
    "default": "pgwright.kinds.default:KIND",
    "index": "pgwright.kinds.index:KIND",
    "function": "pgwright.kinds.function:KIND",
    "aggregate": "pgwright.kinds.aggregate:KIND",
    "operator": "pgwright.kinds.operator:KIND",
    "operator_family": "pgwright.kinds.operator_family:KIND",
    "operator_class": "pgwright.kinds.operator_class:KIND",
    "cast": "pgwright.kinds.cast:KIND",
    "trigger": "pgwright.kinds.trigger:KIND",
    "event_trigger": "pgwright.kinds.event_trigger:KIND",
    "rule": "pgwright.kinds.rule:KIND",
    "statistics": "pgwright.kinds.statistics:KIND",
    "time_series": "pgwright.kinds.time_series:KIND",
    "compression": "pgwright.kinds.compression:KIND",
    "retention": "pgwright.kinds.retention:KIND",
    "rollup": "pgwright.kinds.rollup:KIND",
    "row_policy": "pgwright.kinds.row_policy:KIND",
    "row_security": "pgwright.kinds.row_security:KIND",
    "publication": "pgwright.kinds.publication:KIND",
    "default_privilege": "pgwright.kinds.default_privilege:KIND",
    "owner": "pgwright.kinds.owner:KIND",
    "grant": "pgwright.kinds.grant:KIND",
    "comment": "pgwright.kinds.comment:KIND",
}


@cache
def kind(name: str) -> Kind:
    """Return the kind of that name; its module is imported on first use."""
    module, _, attribute = KINDS[name].partition(":")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, Kind)
    return found
