"""The names that `pgwright` offers to programs, used together."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

import pgwright

SCHEMA = "CREATE TABLE ships (id bigint PRIMARY KEY, name text NOT NULL);"


def test_every_name_is_there() -> None:
    assert set(pgwright.FACE) <= set(dir(pgwright))
    assert all(callable(getattr(pgwright, name)) for name in pgwright.FACE)
    with pytest.raises(AttributeError, match="nosuch"):
        _ = pgwright.nosuch


def test_from_comparison_to_verified_end(database: str, tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text(SCHEMA)
    (tmp_path / "pgwright.toml").write_text('[project]\nname = "harbour"\n')
    assert pgwright.load_project(tmp_path, environ={}).name == "harbour"
    workshop = pgwright.Workshop(root=tmp_path)
    selection = pgwright.Selection(owners=False, privileges=False)
    comparison = pgwright.compare_sources(database, "schema.sql", workshop=workshop, selection=selection)
    proposal = pgwright.propose(comparison)
    assert "CREATE TABLE public.ships" in pgwright.plan_script(proposal.plan)
    assert pgwright.apply_plan(database, proposal.plan, proposal.ends).remaining == ()
    with pgwright.connect(database) as conn:
        sizes = pgwright.sizes(conn)
    catalog = pgwright.load_catalog(database)
    model = pgwright.data_model(catalog, title="harbour", sizes=sizes)
    assert [c.name for c in model.tables["public.ships"].columns] == ["id", "name"]
    assert model.sized
    again = pgwright.comparable(
        catalog, catalog, before=database, after=database, workshop=workshop, selection=selection
    )
    assert again.changes == ()
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(pgwright.script(catalog).encode())
    with pytest.raises(pgwright.PgwrightError, match="unknown source"):
        pgwright.load_catalog("nosuch:thing")
