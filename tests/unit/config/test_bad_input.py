"""Every mistake in pgwright.toml is named with its place and the way out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pgwright.config import load_project
from pgwright.errors import ConfigError

DATABASE = '[databases.default]\nurl = "service=x"\n'


def error_of(folder: Path, text: str | bytes) -> str:
    file = folder / "pgwright.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError) as caught:
        load_project(folder, environ={"EMPTY": ""}).database()
    assert caught.value.hint, "there is a next step"
    assert caught.value.exit_code == 2
    assert str(file) in str(caught.value), "the file is named"
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[project\n", ("not valid TOML", "line 1")),
        ("[project]\nname = skycaster\n", ("not valid TOML", "line 2")),
        ('[project]\nname = "a"\nname = "b"\n', ("not valid TOML", "line 3")),
        ('[databases.default]\nurl = "postgresql://jo:hunter2@db/x\n', ("not valid TOML", "line 2")),
        ("[projct]\n", ("unknown section projct", "did you mean project?", "line 1")),
        ('databses = "x"\n', ("unknown key databses", "did you mean databases?", "line 1")),
        (
            '[project]\nname = "a"\nmodel = "x"\n',
            ("unknown key model in [project]", "did you mean models?", "line 3"),
        ),
        (DATABASE + 'enviroment = "test"\n', ("enviroment in [databases.default]", "environment?", "line 3")),
        ("[checks]\nignored = []\n", ("did you mean ignore?", "line 2")),
        ("[project]\nname = 7\n", ("[project] name must be a text", "line 2")),
        ('[groups]\nx = "pricing"\n', ("[groups] x must be a list of texts", "line 2")),
        ("[checks]\nignore = [1]\n", ("must be a list of texts", "line 2")),
        ('project = "x"\n', ("must be a section",)),
        (
            '[databases]\nurl = "service=x"\n',
            ("[databases] holds url directly", "[databases.default]", "line 2"),
        ),
        ('[databases.default]\nenvironment = "test"\n', ("[databases.default] lacks url", "line 1")),
        ("[demo]\n", ("[demo] lacks load", "line 1")),
        (
            DATABASE + 'django_alias = "x"\n',
            ("has a django_alias, and the models are not Django's", "line 3"),
        ),
        (DATABASE + 'environment = "prodction"\n', ("did you mean production?", "line 3")),
        (DATABASE + 'environment = "${STAGE:-live}"\n', ("'live'", "line 3")),
        (DATABASE + 'environment = "${STAGE}"\n', ("STAGE is not set", "line 3")),
        (
            '[project]\nmodels = "app.models:Base"\n',
            ("models = 'app.models:Base'", "sqlalchemy:app.models:Base"),
        ),
        ('[project]\nmigrations = "flyway"\n', ("migrations = 'flyway'", "alembic:alembic.ini")),
        ('[databases.default]\nurl = "${DB}"\n', ("environment variable DB is not set", "line 2", ".env")),
        ('[databases.default]\nurl = "${EMPTY}"\n', ("environment variable EMPTY is not set",)),
        ('[databases.default]\nurl = "${not a name}"\n', ("malformed variable", "line 2")),
        ('[databases.default]\nurl = "${open"\n', ("malformed variable", "line 2")),
        (b"\xff\xfe", ("not UTF-8",)),
        ("", ("no database is configured",)),
    ],
)
def test_mistake(tmp_path: Path, text: str | bytes, parts: tuple[str, ...]) -> None:
    message = error_of(tmp_path, text)
    for part in parts:
        assert part in message


def test_pyproject_names_its_own_lines(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n\n[tool.pgwright.project]\nnam = "y"\n')
    with pytest.raises(ConfigError, match="did you mean name") as caught:
        load_project(tmp_path, environ={})
    assert caught.value.detail == f"{tmp_path / 'pyproject.toml'}, line 5"


def test_no_file_anywhere(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no pgwright\.toml in") as caught:
        load_project(tmp_path, environ={})
    assert caught.value.hint is not None
    assert "pgwright init" in caught.value.hint


def test_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load_project(tmp_path / "nowhere", environ={})


def test_folder_in_the_file_s_place(tmp_path: Path) -> None:
    (tmp_path / "pgwright.toml").mkdir()
    with pytest.raises(ConfigError, match="cannot read"):
        load_project(tmp_path, environ={})


def test_dangling_link_is_not_passed_by(tmp_path: Path) -> None:
    (tmp_path / "pgwright.toml").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigError, match="cannot read"):
        load_project(tmp_path, environ={})


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "pgwright.toml").touch(mode=0o000)
    with pytest.raises(ConfigError, match="cannot read"):
        load_project(tmp_path, environ={})
