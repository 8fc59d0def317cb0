"""Ways that lead nowhere, or the other way round."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgwright.errors import RevisionError
from pgwright.migrate.run import migrate
from pgwright.migrate.way import DOWN, UP, Way
from tests.integration.migrate.projects import TABLE, alembic_project, django_project, pgwright
from tests.integration.migrate.test_run import ADD, COLUMN


def test_an_upgrade_never_takes_back_and_a_downgrade_never_applies(tmp_path: Path, database: str) -> None:
    """Django goes whichever way leads to a name; data would be gone without a question."""
    other, url = tmp_path / "alembic_shop", database
    one, two = ADD.format("CREATE TABLE a (n int)", "DROP TABLE a"), ADD.format("SELECT 1", "SELECT 1")
    project = django_project(tmp_path, {"0001_one": (True, one), "0002_two": (True, two)})
    migrate(project, url, Way(direction=UP, target=""))
    for target in ("shop.0001", "shop.zero", "shop"):
        assert migrate(project, url, Way(direction=UP, target=target)).done == ()
    assert migrate(project, url, Way(direction=DOWN, target="shop.0001")).state.current == ("shop.0001_one",)
    for target in ("shop.0002_two", "shop"):
        with pytest.raises(RevisionError, match="0002_two is not applied"):
            migrate(project, url, Way(direction=DOWN, target=target))
    alembic_project(other, [TABLE, COLUMN])
    assert pgwright(other, url, "migrate", "upgrade", "one").returncode == 0
    for target, said in (("two", "not a valid downgrade target"), ("", "an empty word is no revision")):
        refused = pgwright(other, url, "migrate", "downgrade", target, "--allow", "deletes-data")
        assert said in refused.stderr and "pgwright migrate history" in refused.stderr
    missing = pgwright(other, url, "migrate", "create", "-m", "x", "--head", "nowhere")
    assert "pgwright migrate history" in missing.stderr and "merge" not in missing.stderr
