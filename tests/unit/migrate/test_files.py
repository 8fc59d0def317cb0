"""Migrations are read from their files, without running them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgwright.errors import SourceError
from pgwright.migrate.revisions.alembic import read_alembic
from pgwright.migrate.revisions.django import read_django
from pgwright.migrate.state import alembic_state, django_state

ROOT = Path(__file__).resolve().parents[3]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def revision(folder: Path, id: str, *parents: str, typed: bool = False) -> None:
    down = repr(parents[0] if len(parents) == 1 else parents or None)
    name = "revision: str" if typed else "revision"
    lines = (f'"""Make {id}."""', "raise SystemExit", f"{name} = {id!r}", f"down_revision = {down}", "")
    write(folder / f"{id}_x.py", "\n".join(lines))


@pytest.fixture
def ini(tmp_path: Path) -> Path:
    path = tmp_path / "alembic.ini"
    path.write_text("[alembic]\nscript_location = %(here)s/db\nfile_template = %%(rev)s\n")
    versions = tmp_path / "db" / "versions"
    revision(versions, "a1")
    revision(versions, "b2", "a1", typed=True)
    revision(versions, "c3", "a1")
    revision(versions, "d4", "b2", "c3")
    write(versions / "helper.py", "x = 1\n")
    return path


def test_alembic_pending_in_order(ini: Path) -> None:
    files = read_alembic(ini)
    assert files.heads == ("d4",)
    state = alembic_state(("b2",), files)
    assert [r.id for r in state.pending] == ["c3", "d4"]
    assert state.pending[0].message == "Make c3"
    assert alembic_state(("d4",), files).pending == ()
    assert alembic_state(("d4",), files).applied == 4
    nothing = alembic_state(None, files)
    assert not nothing.tracked
    assert [r.id for r in nothing.pending] == ["a1", "b2", "c3", "d4"]
    assert alembic_state(("zz",), files).unknown == ("zz",)


def test_alembic_file_without_its_place(ini: Path) -> None:
    write(ini.parent / "db" / "versions" / "e5_x.py", "revision = 'e5'\n")
    with pytest.raises(SourceError, match=r"e5_x\.py does not say which revision it follows"):
        read_alembic(ini)


def test_alembic_two_heads(ini: Path) -> None:
    revision(ini.parent / "db" / "versions", "e5", "c3")
    files = read_alembic(ini)
    assert files.heads == ("d4", "e5")
    assert [r.id for r in alembic_state(("d4",), files).pending] == ["e5"]


def test_revisions_in_a_circle(ini: Path) -> None:
    """No order holds them all: that is said before anything waits for one."""
    for id, parent in (("x", "z"), ("y", "x"), ("z", "y")):
        revision(ini.parent / "db" / "versions", id, parent)
    with pytest.raises(SourceError, match=r"in a circle: (x, y, z, x|y, z, x, y|z, x, y, z)"):
        read_alembic(ini)


def test_alembic_twice_the_same_revision(ini: Path) -> None:
    write(ini.parent / "db" / "versions" / "again.py", "revision = 'a1'\ndown_revision = None\n")
    with pytest.raises(SourceError, match="a1 exists twice"):
        read_alembic(ini)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a configuration of Alembic"),
        ("[alembic]\n", "names no script_location"),
        ("[alembic]\nscript_location = nowhere\n", "there is no folder"),
        ("[alembic]\nscript_location = %(where)s\n", "not a configuration of Alembic"),
        ("nonsense", "not a configuration of Alembic"),
    ],
)
def test_alembic_ini_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "alembic.ini"
    path.write_text(text)
    with pytest.raises(SourceError, match=message):
        read_alembic(path)


def test_revision_that_is_not_python(ini: Path) -> None:
    write(ini.parent / "db" / "versions" / "bad.py", "revision = (\n")
    with pytest.raises(SourceError, match=r"bad\.py is not valid Python"):
        read_alembic(ini)


MIGRATION = "class Migration:\n    dependencies = {}\n    replaces = {}\n"


def migration(root: Path, app: str, name: str, *needs: tuple[str, str], replaces: object = ()) -> None:
    write(root / app / "migrations" / "__init__.py", "")
    write(root / app / "migrations" / f"{name}.py", MIGRATION.format(list(needs), list(replaces)))  # type: ignore[call-overload]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write(tmp_path / "site" / "base.py", "INSTALLED_APPS = ['shop', 'pay.apps.PayConfig', 'absent_app']\n")
    write(tmp_path / "site" / "live.py", "from .base import *\nDEBUG = compute()\n")
    write(tmp_path / "pay" / "apps.py", "class PayConfig:\n    label = 'money'\n")
    migration(tmp_path, "shop", "0001_initial")
    migration(tmp_path, "shop", "0002_more", ("shop", "0001_initial"), ("money", "__first__"))
    migration(tmp_path, "pay", "0001_initial")
    return tmp_path


def test_django_labels_order_and_what_is_unread(site: Path) -> None:
    files = read_django("site.live", site)
    assert set(files.by_id) == {"shop.0001_initial", "shop.0002_more", "money.0001_initial"}
    assert files.unread == ("absent_app",)
    state = django_state(("shop.0001_initial", "other.0001_initial"), files)
    assert [r.id for r in state.pending] == ["money.0001_initial", "shop.0002_more"]
    assert state.unknown == ()
    assert django_state(("shop.0009_gone",), files).unknown == ("shop.0009_gone",)


def test_django_squashed_migrations(site: Path) -> None:
    old = [("shop", "0001_initial"), ("shop", "0002_more")]
    migration(site, "shop", "0001_squashed_0002", replaces=old)
    files = read_django("site.live", site)
    money, one, two = "money.0001_initial", "shop.0001_initial", "shop.0002_more"
    squashed = "shop.0001_squashed_0002"
    pending = {
        frozenset({one, two}): [money],
        frozenset({one}): [money, two],
        frozenset({squashed}): [money],
        frozenset(): [money, squashed],
    }
    for rows, expected in pending.items():
        assert [r.id for r in django_state(rows, files).pending] == expected, rows


def test_django_settings_that_must_be_run(tmp_path: Path) -> None:
    write(tmp_path / "conf.py", "INSTALLED_APPS = ['a'] + more()\n")
    with pytest.raises(SourceError, match="no plain list"):
        read_django("conf", tmp_path)
    with pytest.raises(SourceError, match="no settings module nowhere"):
        read_django("nowhere", tmp_path)


def test_the_example_systems() -> None:
    systems = ROOT / "systems"
    assert len(read_alembic(systems / "skycaster" / "alembic.ini").heads) == 1
    files = read_django("aquamind.settings", systems / "aquamind")
    assert {"batch.0001_initial", "environmental.0001_initial"} <= set(files.by_id)
