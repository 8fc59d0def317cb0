"""Which project and database a command works on, and what it refuses."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from pgwright.cli.context import Invocation, typed_again
from pgwright.errors import ConfigError, HazardRefused, ProductionRefused, UsageError

CONFIG = """
[databases.default]
url = "postgresql://jo@dev/app"
[databases.production]
url = "postgresql://jo@db.internal:5432/app"
environment = "production"
[databases.absent]
url = "${ABSENT}"
"""


@pytest.fixture
def invocation(tmp_path: Path) -> Invocation:
    (tmp_path / "pgwright.toml").write_text(CONFIG)
    found = Invocation()
    found.project_path = tmp_path
    return found


def test_default_named_and_given(invocation: Invocation) -> None:
    assert invocation.database.name == "default"
    invocation.database_name = "production"
    assert invocation.database.is_production
    with pytest.raises(ConfigError, match="ABSENT"):
        invocation.database_name = "absent"
        _ = invocation.database


def test_url_wins_over_the_file(invocation: Invocation) -> None:
    invocation.url = "service=other"
    assert invocation.database.url == "service=other"
    assert invocation.database.environment == "development"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://someone@db.internal/app",
        "host=db.internal dbname=app",
        "postgres://x:y@db.internal:5432/app",
    ],
)
def test_url_is_no_way_around_production(invocation: Invocation, url: str) -> None:
    invocation.url = url
    assert invocation.database.is_production
    with pytest.raises(ProductionRefused) as refused:
        invocation.refuse_production("reset", named=None)
    assert refused.value.hint == "if you mean it, add: --production production"


def test_url_and_database_exclude_each_other(invocation: Invocation) -> None:
    invocation.url, invocation.database_name = "service=x", "default"
    with pytest.raises(UsageError):
        _ = invocation.database


def test_production_is_refused_until_named(invocation: Invocation) -> None:
    invocation.refuse_production("reset", named=None)
    invocation.database_name = "production"
    with pytest.raises(ProductionRefused, match="needs its name"):
        invocation.refuse_production("reset", named=None)
    with pytest.raises(ProductionRefused):
        invocation.refuse_production("reset", named="prod")
    invocation.refuse_production("reset", named="production")


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "json", "refused"), [("y\n", False, False), ("n\n", False, True), ("y\n", True, True)]
)
def test_question(
    invocation: Invocation, monkeypatch: pytest.MonkeyPatch, typed: str, json: bool, refused: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard(typed))
    invocation.json = json
    if refused:
        with pytest.raises(HazardRefused):
            invocation.confirm("Delete it?", yes=False)
    else:
        invocation.confirm("Delete it?", yes=False)
    invocation.confirm("Delete it?", yes=True)


def test_nobody_to_ask(invocation: Invocation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(HazardRefused, match="--yes"):
        invocation.confirm("Delete it?", yes=False)


def test_commands_for_the_next_step_name_the_database_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    invocation = Invocation()
    assert invocation.led("pgwright schema plan") == "pgwright schema plan"
    url = "postgresql://jo:hunter2@db/app"
    invocation.url = url
    assert invocation.led("pgwright schema plan") == "pgwright --url postgresql://jo@db/app schema plan"
    for words in (["--url", url, "schema", "apply"], [f"--url={url}", "schema", "apply"]):
        monkeypatch.setattr(sys, "argv", ["pgwright", *words])
        again = typed_again("--yes")
        assert "hunter2" not in again and "****" not in again
        assert again.endswith("postgresql://jo@db/app schema apply --yes")
