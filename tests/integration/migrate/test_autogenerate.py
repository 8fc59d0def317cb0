"""`migrate create --autogenerate` over every kind of change: written, run, nothing left, and back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pgwright.diff.compare import compare
from pgwright.model.catalog import Catalog
from pgwright.model.selection import BOOKKEEPING, Selection
from pgwright.sources.database import read_catalog
from tests.integration.migrate import django_cases
from tests.integration.migrate.alembic_cases import CASES, HEAD, models
from tests.integration.migrate.revising import write_shop
from tests.integration.migrate.test_alembic_create import alembic, create
from tests.integration.migrate.test_django_create import manage
from tests.integration.migrate.test_django_create import write_shop as write_django_shop
from tests.integration.schema.command import pgwright

SAME = Selection(owners=False, exclude=BOOKKEEPING)
ROLES = "shop_reader", "shop_writer"


def look(url: str) -> Catalog:
    with psycopg.connect(url) as conn:
        return SAME.apply(read_catalog(conn, source="test"))


def make_roles(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        for role in ROLES:
            with suppress(psycopg.errors.DuplicateObject):
                conn.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))


def put(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (folder / "shop" / name).write_text(text)


def newest(folder: Path) -> str:
    return max(path.stem for path in (folder / "shop" / "migrations").glob("0*.py"))


def test_alembic_sees_every_change(tmp_path: Path, database: str) -> None:
    """Each case is written in both directions, and plain Alembic runs it up, down and up again."""
    make_roles(database)
    write_shop(tmp_path)
    (tmp_path / "models.py").write_text(models(CASES, "before"))
    create(tmp_path, database, "-m", "first", "--autogenerate", "--rev-id", "0001")
    alembic(tmp_path, database, "upgrade", "head")
    before = look(database)

    (tmp_path / "models.py").write_text(models(CASES, "after"))
    words = ("-m", "second", "--autogenerate", "--rev-id", "0002", "--no-rename")
    refused = pgwright("migrate", "create", *words, folder=tmp_path, DATABASE_URL=database)
    assert refused.returncode == 3 and "--allow deletes-data" in refused.stderr, refused.stderr
    create(tmp_path, database, *words, "--allow", "deletes-data")
    text = next((tmp_path / "alembic" / "versions").glob("0002*")).read_text()
    unsaid = {case.name: word for case in CASES for word in case.says if word not in text}
    assert not unsaid, text
    assert "nothing changed" in create(tmp_path, database, "-m", "third", "--autogenerate")
    alembic(tmp_path, database, "upgrade", "head")
    after = look(database)
    alembic(tmp_path, database, "downgrade", "0001")
    assert compare(before, look(database)) == ()
    alembic(tmp_path, database, "upgrade", "head")

    (tmp_path / "models.py").write_text(models(CASES, "before"))
    back = ("-m", "back", "--autogenerate", "--rev-id", "0003", "--no-rename", "--allow", "deletes-data")
    create(tmp_path, database, *back)
    alembic(tmp_path, database, "upgrade", "head")
    assert compare(before, look(database)) == ()
    alembic(tmp_path, database, "downgrade", "0002")
    assert compare(after, look(database)) == ()


def test_django_sees_every_change(tmp_path: Path, database: str) -> None:
    """What models, declarations and policies say is written both ways; plain Django runs it."""
    make_roles(database)
    write_django_shop(tmp_path)
    settings = tmp_path / "site_settings.py"
    settings.write_text(settings.read_text().replace('["shop"]', '["pgwright.contrib.django", "shop"]'))
    put(tmp_path, django_cases.BEFORE)
    create(tmp_path, database, "-m", "first", "--autogenerate")
    manage(tmp_path, database, "migrate")
    before, first = look(database), newest(tmp_path)

    put(tmp_path, django_cases.AFTER)
    words = ("-m", "second", "--autogenerate", "--no-rename", "--app", "shop")
    refused = pgwright("migrate", "create", *words, folder=tmp_path, DATABASE_URL=database)
    assert refused.returncode == 3 and "shop.Sensor.old" in refused.stderr.replace("sensor", "Sensor")
    assert newest(tmp_path) == first
    create(tmp_path, database, *words, "--allow", "deletes-data")
    files = sorted((tmp_path / "shop" / "migrations").glob("0*.py"))
    text = "\n".join(path.read_text() for path in files if path.stem > first)
    assert [word for word in django_cases.SAYS if word not in text] == [], text
    assert "nothing changed" in create(tmp_path, database, "-m", "third", "--autogenerate")
    assert "No changes" in manage(tmp_path, database, "makemigrations", "--check")
    assert "No changes" in manage(tmp_path, database, "makepolicies", "--check")
    manage(tmp_path, database, "migrate")
    after = look(database)
    manage(tmp_path, database, "migrate", "shop", first)
    assert compare(before, look(database)) == ()
    manage(tmp_path, database, "migrate")
    assert compare(after, look(database)) == ()
    # pgwright's own app holds no migrations of the project.
    assert "shop/migrations" in create(tmp_path, database, "-m", "by hand")


SERIES = """
class Log(Base):
    __tablename__ = "log"
    id: Mapped[int] = column(sa.BigInteger, sa.Identity(), primary_key=True)
    at: Mapped[datetime] = column(sa.DateTime(timezone=True), primary_key=True)
    site: Mapped[str]
    v: Mapped[float | None]
    __table_args__ = (sa.Index("ix_log", "site"), {series})


class Other(Base):
    __tablename__ = "other"
    at: Mapped[datetime] = column(sa.DateTime(timezone=True), primary_key=True)
    __table_args__ = ({other})
"""
LOG_1 = "TimeSeries('at', '1 month'), Retain('2 years')"
LOG_2 = (
    "TimeSeries('at', '1 week'), Compress('30 days', segment_by='site'), Retain('1 year'), "
    "Rollup('log_daily', bucket='1 day', group_by=('site',), aggregates={'n': 'count(*)', 'top': 'max(v)'})"
)


@pytest.mark.parametrize("engine", ["database", "timescale", "timescale_community"])
def test_policies_are_declared_in_revisions(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    """Policies begin, change and end in revisions that hold on every engine, and keep the rows."""
    url = request.getfixturevalue(engine)

    def write(series: str, other: str) -> None:
        text = SERIES.replace("{series}", series).replace("{other}", other)
        (tmp_path / "models.py").write_text(HEAD + text)

    write_shop(tmp_path)
    write(LOG_1, "")
    create(tmp_path, url, "-m", "first", "--autogenerate", "--rev-id", "0001")
    alembic(tmp_path, url, "upgrade", "head")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO log (at, site, v) "
            "SELECT now() - n * interval '1 day', 'a', n FROM generate_series(1, 50) n"
        )
        conn.execute("INSERT INTO other SELECT now() - n * interval '1 day' FROM generate_series(1, 50) n")
    before = look(url)

    write(LOG_2, "TimeSeries('at', '1 day'),")
    create(tmp_path, url, "-m", "second", "--autogenerate", "--rev-id", "0002")
    text = next((tmp_path / "alembic" / "versions").glob("0002*")).read_text()
    assert "run_step" not in text and "declare_policies(" in text and "withdraw_policies(" in text
    assert "nothing changed" in create(tmp_path, url, "-m", "third", "--autogenerate")
    alembic(tmp_path, url, "upgrade", "head")
    shown = pgwright("schema", "diff", folder=tmp_path, DATABASE_URL=url)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    after = look(url)
    alembic(tmp_path, url, "downgrade", "0001")
    assert compare(before, look(url)) == ()
    alembic(tmp_path, url, "upgrade", "head")
    assert compare(after, look(url)) == ()

    write("", "")
    create(tmp_path, url, "-m", "none", "--autogenerate", "--rev-id", "0003")
    alembic(tmp_path, url, "upgrade", "head")
    assert look(url).of("time_series") == look(url).of("retention") == ()
    with psycopg.connect(url) as conn:
        assert conn.execute("SELECT count(*) FROM log").fetchone() == (50,)
    alembic(tmp_path, url, "downgrade", "0002")
    assert compare(after, look(url)) == ()
