"""A project is found, read and resolved: flags over environment over file."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgwright.config import Database, Demo, ad_hoc_project, load_project
from pgwright.errors import ConfigError

WHOLE = """
[project]
name = "skycaster"
models = "sqlalchemy:app.models:Base,app.audit:Base"
migrations = "alembic:alembic.ini"
scratch = "embedded"

[databases.default]
url = "${DATABASE_URL}"
environment = "development"

[databases.production]
url = "postgresql://app:${PRODUCTION_PASSWORD}@db/app"
environment = "production"

[groups]
configuration = ["pricing_config", "currency_config"]

[checks]
ignore = ["no_primary_key:public.x"]

[demo]
load = ["python", "-m", "app.demo"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pgwright.toml").write_text(WHOLE)
    return tmp_path


def test_everything_is_read(folder: Path) -> None:
    project = load_project(folder, environ={"DATABASE_URL": "service=dev", "PRODUCTION_PASSWORD": "pw"})
    assert project.root == folder
    assert project.name == "skycaster"
    assert project.models == "sqlalchemy:app.models:Base,app.audit:Base"
    assert project.migrations == "alembic:alembic.ini"
    assert project.scratch == "embedded"
    assert project.databases == (
        Database(name="default", url="service=dev"),
        Database(name="production", url="postgresql://app:pw@db/app", environment="production"),
    )
    assert [database.is_production for database in project.databases] == [False, True]
    assert dict(project.groups) == {"configuration": ("pricing_config", "currency_config")}
    assert project.ignore == ("no_primary_key:public.x",)
    assert project.demo == Demo(load=("python", "-m", "app.demo"))
    assert "pw" not in repr(project)


def test_found_from_below_and_by_its_own_name(folder: Path) -> None:
    below = folder / "app" / "models"
    below.mkdir(parents=True)
    assert load_project(below, environ={}).root == folder
    assert load_project(folder / "pgwright.toml", environ={}).root == folder


def test_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "other"\n[tool.pgwright.project]\nname = "mine"\n'
        '[tool.pgwright.databases.default]\nurl = "service=x"\n'
    )
    project = load_project(tmp_path, environ={})
    assert (project.name, project.database().url) == ("mine", "service=x")


def test_pyproject_of_another_tool_is_passed_by(folder: Path) -> None:
    below = folder / "package"
    below.mkdir()
    (below / "pyproject.toml").write_text('[project]\nname = "package"\n')
    assert load_project(below, environ={}).root == folder


def test_environment_wins_over_dot_env(folder: Path) -> None:
    (folder / ".env").write_text("DATABASE_URL=service=from-file\nPRODUCTION_PASSWORD='a$b'\n")
    project = load_project(folder, environ={})
    assert project.database().url == "service=from-file"
    assert project.database("production").url == "postgresql://app:a$b@db/app"
    project = load_project(folder, environ={"DATABASE_URL": "service=from-environment"})
    assert project.database().url == "service=from-environment"


def test_pgwright_variables_win_over_the_file(folder: Path) -> None:
    project = load_project(folder, environ={"PGWRIGHT_URL": "service=x", "PGWRIGHT_SCRATCH": "service=y"})
    assert project.database().url == "service=x"
    assert project.scratch == "service=y"


def test_missing_variable_of_one_database_leaves_the_others_usable(folder: Path) -> None:
    project = load_project(folder, environ={"DATABASE_URL": "service=dev"})
    assert project.database().url == "service=dev"
    with pytest.raises(ConfigError) as caught:
        project.database("production")
    text = str(caught.value)
    assert "PRODUCTION_PASSWORD" in text
    assert f"{folder / 'pgwright.toml'}, line 13" in text
    assert str(folder / ".env") in text


def test_unresolved_url_cannot_be_taken_for_libpq_s_environment(folder: Path) -> None:
    from pgwright.pg import parse_address

    production = load_project(folder, environ={}).databases[1]
    with pytest.raises(ConfigError):
        parse_address(production.url)


def test_the_only_database_is_the_default(tmp_path: Path) -> None:
    (tmp_path / "pgwright.toml").write_text('[databases.main]\nurl = "service=x"\n')
    project = load_project(tmp_path, environ={})
    assert project.database().name == "main"
    assert project.name == tmp_path.name


def test_unknown_database_names_the_nearest(folder: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean production") as caught:
        load_project(folder, environ={}).database("prodution")
    assert caught.value.hint == "choose one with --database production"


def test_default_and_dollar_in_values(tmp_path: Path) -> None:
    (tmp_path / "pgwright.toml").write_text(
        '[databases.default]\nurl = "postgresql://${DB_HOST:-localhost}/a$$b"\n'
        'environment = "${STAGE:-test}"\n'
    )
    assert load_project(tmp_path, environ={}).database() == Database(
        name="default", url="postgresql://localhost/a$b", environment="test"
    )
    other = load_project(tmp_path, environ={"DB_HOST": "db", "STAGE": "production"}).database()
    assert (other.url, other.is_production) == ("postgresql://db/a$b", True)


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"PGWRIGHT_URL": "service=a", "DATABASE_URL": "service=b"}, "service=a"),
        ({"DATABASE_URL": "service=b"}, "service=b"),
        ({"PGHOST": "db"}, ""),
    ],
)
def test_without_a_file_the_environment_says_where(tmp_path: Path, environ: dict[str, str], url: str) -> None:
    project = ad_hoc_project(tmp_path, environ=environ)
    assert project.database().url == url
    assert ad_hoc_project(tmp_path, url="service=flag", environ=environ).database().url == "service=flag"


def test_without_a_file_dot_env_counts(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=service=b\n")
    assert ad_hoc_project(tmp_path, environ={}).database().url == "service=b"


def test_nothing_at_all_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no database is configured") as caught:
        ad_hoc_project(tmp_path, environ={}).database()
    assert caught.value.hint is not None
    assert "pgwright init" in caught.value.hint


def test_models_are_those_of_the_chosen_database(tmp_path: Path) -> None:
    (tmp_path / "pgwright.toml").write_text(
        '[project]\nmodels = "django:site.settings"\n[databases.default]\nurl = "${URL}"\n'
        '[databases.old]\nurl = "${OLD_URL}"\ndjango_alias = "archive"\n'
    )
    project = load_project(tmp_path, environ={"URL": "service=x"})
    assert [database.django_alias for database in project.databases] == ["default", "archive"]
    assert project.at().models == project.at("default").models == "django:site.settings"
    assert project.at("old").models == "django:site.settings@archive"
    assert project.at("nobody") == project
