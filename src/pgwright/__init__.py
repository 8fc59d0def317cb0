"""pgwright takes a PostgreSQL database through its life; these are its functions for Python programs.

What a name here does, its own documentation says; errors are subclasses of `PgwrightError`. Names are
resolved on first use, because most of them load the database driver.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pgwright.config import load_project as load_project
    from pgwright.diff.apply import apply_plan as apply_plan
    from pgwright.diff.comparison import comparable as comparable
    from pgwright.diff.comparison import compare_sources as compare_sources
    from pgwright.diff.proposal import propose as propose
    from pgwright.diff.script import plan_script as plan_script
    from pgwright.diff.script import script as script
    from pgwright.errors import PgwrightError as PgwrightError
    from pgwright.migrate.turn import migration_lock as migration_lock
    from pgwright.model.selection import Selection as Selection
    from pgwright.observe.docs.collect import data_model as data_model
    from pgwright.observe.docs.sizes import sizes as sizes
    from pgwright.pg.connect import connect as connect
    from pgwright.sources.load import load_catalog as load_catalog
    from pgwright.sources.workshop import Workshop as Workshop
    from pgwright.timeseries.run import Demand
    from pgwright.timeseries.run import run_policies as run_policies
    from pgwright.transfer.copy.choice import Choice as Choice
    from pgwright.transfer.copy.copy import Manner
    from pgwright.transfer.copy.copy import copy_database as copy_database
    from pgwright.transfer.copy.copy import resume_copy as resume_copy
    from pgwright.transfer.exports.request import ExportRequest as ExportRequest
    from pgwright.transfer.exports.run import run_export as run_export
    from pgwright.transfer.imports.prepare import prepare as prepare
    from pgwright.transfer.imports.request import Conflict as Conflict
    from pgwright.transfer.imports.request import ImportRequest as ImportRequest
    from pgwright.transfer.imports.run import run_import as run_import
    from pgwright.verify.contents import Scope as Scope
    from pgwright.verify.contents import verify_databases as verify_databases
    from pgwright.verify.fingerprint import compare_fingerprints as compare_fingerprints
    from pgwright.verify.fingerprint import take_fingerprints as take_fingerprints

    CopyManner = Manner
    PolicyDemand = Demand

FACE: dict[str, str] = {
    "Conflict": "pgwright.transfer.imports.request:Conflict",
    "ExportRequest": "pgwright.transfer.exports.request:ExportRequest",
    "ImportRequest": "pgwright.transfer.imports.request:ImportRequest",
    "PgwrightError": "pgwright.errors:PgwrightError",
    "PolicyDemand": "pgwright.timeseries.run:Demand",
    "Scope": "pgwright.verify.contents:Scope",
    "Choice": "pgwright.transfer.copy.choice:Choice",
    "CopyManner": "pgwright.transfer.copy.copy:Manner",
    "Selection": "pgwright.model.selection:Selection",
    "Workshop": "pgwright.sources.workshop:Workshop",
    "apply_plan": "pgwright.diff.apply:apply_plan",
    "compare_fingerprints": "pgwright.verify.fingerprint:compare_fingerprints",
    "comparable": "pgwright.diff.comparison:comparable",
    "compare_sources": "pgwright.diff.comparison:compare_sources",
    "connect": "pgwright.pg.connect:connect",
    "copy_database": "pgwright.transfer.copy.copy:copy_database",
    "data_model": "pgwright.observe.docs.collect:data_model",
    "load_catalog": "pgwright.sources.load:load_catalog",
    "load_project": "pgwright.config:load_project",
    "migration_lock": "pgwright.migrate.turn:migration_lock",
    "plan_script": "pgwright.diff.script:plan_script",
    "prepare_import": "pgwright.transfer.imports.prepare:prepare",
    "propose": "pgwright.diff.proposal:propose",
    "run_export": "pgwright.transfer.exports.run:run_export",
    "run_import": "pgwright.transfer.imports.run:run_import",
    "run_policies": "pgwright.timeseries.run:run_policies",
    "resume_copy": "pgwright.transfer.copy.copy:resume_copy",
    "script": "pgwright.diff.script:script",
    "sizes": "pgwright.observe.docs.sizes:sizes",
    "take_fingerprints": "pgwright.verify.fingerprint:take_fingerprints",
    "verify_databases": "pgwright.verify.contents:verify_databases",
}


def __getattr__(name: str) -> Any:
    if name not in FACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = FACE[name].partition(":")
    found = getattr(import_module(module), attribute)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *FACE})
