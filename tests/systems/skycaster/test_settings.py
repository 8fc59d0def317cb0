"""Settings: where they come from, and errors that name the variable but not its value."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from .system import FOLDER, Skycaster

Import = Callable[[str], ModuleType]
GOOD = {"DATABASE_URL": "postgresql://u:p@h:5433/d", "REDIS_URL": "rediss://:p@h:6380/2"}


def test_environment_comes_before_the_file(module: Import, tmp_path: Path) -> None:
    settings = module("app.settings")
    env_file = tmp_path / ".env"
    env_file.write_text("DATABASE_URL=postgresql://file@h/f\nREDIS_URL='redis://file:6379'\n")
    found = settings.load({"DATABASE_URL": GOOD["DATABASE_URL"]}, env_file=env_file)
    assert found.database_url.render_as_string(hide_password=False) == "postgresql+psycopg://u:p@h:5433/d"
    assert found.redis_url == "redis://file:6379"


def test_example_file_is_accepted(module: Import) -> None:
    found = module("app.settings").load({}, env_file=FOLDER / ".env.example")
    assert found.database_url.database == "skycaster_db"


def test_repr_hides_passwords(module: Import, tmp_path: Path) -> None:
    values = {"DATABASE_URL": "postgresql://u:hidden1@h/d", "REDIS_URL": "redis://:hidden2@h"}
    assert "hidden" not in repr(module("app.settings").load(values, env_file=tmp_path / ".env"))


def test_socket_and_escaped_password(module: Import, tmp_path: Path) -> None:
    url = module("app.settings").database_url(
        {"DATABASE_URL": "postgres://u:p%40%2F%25@/d?host=/run/pg"}, env_file=tmp_path / ".env"
    )
    assert (url.password, url.query["host"], url.drivername) == ("p@/%", "/run/pg", "postgresql+psycopg")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DATABASE_URL", None, "is not set"),
        ("DATABASE_URL", "", "is not set"),
        ("DATABASE_URL", "hunter2", "malformed"),
        ("DATABASE_URL", "mysql://u:hunter2@h/d", "must start with postgresql://"),
        ("DATABASE_URL", "postgresql://u:hunter2@h", "names no database"),
        ("DATABASE_URL", "postgresql://u:hunter2@h:hunter2/d", "malformed"),
        ("DATABASE_URL", "postgresql://u:hunter2@h:70000/d", "port"),
        ("REDIS_URL", None, "is not set"),
        ("REDIS_URL", "http://:hunter2@h", "malformed"),
        ("REDIS_URL", "redis://:hunter2@h:port", "malformed"),
        ("REDIS_URL", "redis://:hunter2@h/name", "malformed"),
        ("REDIS_URL", "redis://", "malformed"),
        ("REDIS_URL", "redis://[:hunter2", "malformed"),
    ],
)
def test_bad_value_is_one_line_without_it(
    module: Import, tmp_path: Path, name: str, value: str | None, says: str
) -> None:
    settings = module("app.settings")
    environ = {key: text for key, text in {**GOOD, name: value}.items() if text is not None}
    with pytest.raises(settings.SettingsError) as caught:
        settings.load(environ, env_file=tmp_path / ".env")
    message = str(caught.value)
    assert message.startswith(f"{name} is ")
    assert says in message
    assert "\n" not in message
    assert "hunter2" not in message
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_unreadable_file_is_named(module: Import, tmp_path: Path) -> None:
    settings = module("app.settings")
    env_file = tmp_path / ".env"
    env_file.write_bytes(b"DATABASE_URL=\xff\xfe")
    with pytest.raises(settings.SettingsError, match=r"\.env cannot be read"):
        settings.load({}, env_file=env_file)


@pytest.mark.parametrize("program", [("-m", "alembic", "current"), ("-m", "app.demo")])
@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "DATABASE_URL is not set"),
        ("postgresql://u:hunter2@", "DATABASE_URL is malformed"),
        ("postgresql://u:hunter2@127.0.0.1:1/d", "127.0.0.1"),
    ],
)
def test_programs_say_it_in_a_few_lines(
    tmp_path: Path, program: tuple[str, ...], url: str, says: str
) -> None:
    # A copy, because the folder of a developer may hold a .env.
    folder = shutil.copytree(FOLDER, tmp_path / "skycaster", ignore=shutil.ignore_patterns(".env"))
    done = Skycaster(url=url, folder=folder).run(*program)
    assert done.returncode != 0
    assert says in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr + done.stdout
