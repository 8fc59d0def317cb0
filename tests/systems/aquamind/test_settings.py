"""Settings come from the environment, and a wrong one ends in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.systems.aquamind.project import FOLDER, environ, manage, run


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "DATABASE_URL is not set"),
        ("hunter2", "DATABASE_URL is not of the form"),
        ("mysql://ann:hunter2@localhost/aquamind", "DATABASE_URL is not of the form"),
        ("postgresql://ann:hunter2%zz@localhost/aquamind", "DATABASE_URL cannot be read"),
        ("postgresql://ann:hunter2@localhost:port/aquamind", "DATABASE_URL cannot be read"),
        ("postgresql://ann:hunter2@localhost", "DATABASE_URL names no database"),
        ("sqlite://hunter2/a.db", "DATABASE_URL names a host"),
    ],
)
@pytest.mark.parametrize("command", ["migrate", "load_demo"])
def test_wrong_url_is_one_line_without_the_password(url: str, says: str, command: str) -> None:
    done = run(url, command)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: {says}")
    assert done.stderr.count("\n") == 1
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"DEBUG": "maybe"}, "error: DEBUG must be true or false, not 'maybe'."),
        ({"SECRET_KEY": "short"}, "error: SECRET_KEY is shorter than 32 characters."),
        ({"DATABASE_CONN_MAX_AGE": "ten"}, "error: DATABASE_CONN_MAX_AGE must be a whole number"),
    ],
)
def test_other_wrong_settings_are_one_line(settings: dict[str, str], says: str) -> None:
    done = run("postgresql://ann@localhost/aquamind", "check", **settings)
    assert done.returncode == 1
    assert done.stderr.startswith(says)
    assert done.stderr.count("\n") == 1


def test_traceback_is_shown_when_asked_for() -> None:
    done = run("", "migrate", "--traceback")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_listing_of_settings_shows_no_secret() -> None:
    key = "k" * 40
    shown = manage("postgresql://ann:hunter2@localhost/aquamind", "diffsettings", "--all", SECRET_KEY=key)
    assert "'NAME': 'aquamind'" in shown
    assert "hunter2" not in shown
    assert key not in shown


def test_environment_goes_before_the_file(tmp_path: Path) -> None:
    # The file is the only thing of the folder that the settings look for beside themselves.
    for name in ("aquamind", "apps", "manage.py"):
        (tmp_path / name).symlink_to(FOLDER / name)
    copied = tmp_path / "settings_here.py"
    copied.write_text(
        (FOLDER / "aquamind" / "settings.py").read_text().replace(".parent.parent", ".parent"),
        encoding="utf-8",
    )
    (tmp_path / ".env").write_text(
        f"DATABASE_URL=sqlite:///file.db\nSECRET_KEY={'f' * 32}\n", encoding="utf-8"
    )
    script = "from settings_here import *; print(DATABASES['default']['NAME'], str(SECRET_KEY)[:1])"
    given = environ("sqlite:////given.db")
    del given["SECRET_KEY"]
    done = subprocess.run(
        (sys.executable, "-c", script), cwd=tmp_path, env=given, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["/given.db", "f"]


@pytest.mark.parametrize("entry", ["wsgi", "asgi"])
def test_web_process_needs_a_secret_key(entry: str) -> None:
    command = (sys.executable, "-c", f"import aquamind.{entry} as entry; print(callable(entry.application))")

    def start(**settings: str) -> subprocess.CompletedProcess[str]:
        given = environ("postgresql://ann:hunter2@localhost/aquamind", **settings)
        return subprocess.run(command, cwd=FOLDER, env=given, capture_output=True, text=True, check=False)

    refused = start()
    assert refused.returncode == 1
    assert "SECRET_KEY is not set" in refused.stderr.splitlines()[-1]
    assert "hunter2" not in refused.stderr
    assert start(SECRET_KEY="k" * 40).stdout == "True\n"
    assert start(DEBUG="true").stdout == "True\n"


def test_nothing_in_the_project_holds_a_password() -> None:
    example = (FOLDER / ".env.example").read_text(encoding="utf-8")
    values = dict(line.split("=", 1) for line in example.splitlines() if line and not line.startswith("#"))
    assert set(values) == {
        "DATABASE_URL",
        "SECRET_KEY",
        "DEBUG",
        "ALLOWED_HOSTS",
        "DATABASE_CONN_MAX_AGE",
        "LOG_SQL",
    }
    assert values["SECRET_KEY"] == ""
    source = (FOLDER / "aquamind" / "settings.py").read_text(encoding="utf-8")
    assert "PASSWORD" not in source.replace("AUTH_PASSWORD_VALIDATORS", "")


def test_unreachable_server_and_wrong_password_are_said_without_a_traceback(database: str) -> None:
    address = urlsplit(database)
    assert address.hostname
    for netloc in (f"ann:hunter2@{address.hostname}:1", f"ann:hunter2@{address.hostname}:{address.port}"):
        done = run(urlunsplit(address._replace(netloc=netloc)), "migrate")
        assert done.returncode == 1
        assert done.stderr.startswith("error: connection failed")
        assert "Traceback" not in done.stderr
        assert "hunter2" not in done.stderr
