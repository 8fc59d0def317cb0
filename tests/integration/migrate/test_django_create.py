"""`pgwright migrate create --autogenerate` with Django: its own operations, and what it has none for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from pgwright.diff.compare import compare
from pgwright.model.catalog import Catalog
from pgwright.model.selection import BOOKKEEPING, Selection
from pgwright.sources.database import read_catalog
from tests.integration.migrate.projects import SETTINGS
from tests.integration.schema.command import pgwright

SYSTEMS = Path(__file__).parents[3] / "systems"
SAME = Selection(owners=False, exclude=BOOKKEEPING)

MODELS_1 = """
from django.db import models


class Customer(models.Model):
    mail = models.CharField(max_length=100)
    note = models.TextField(null=True)
    rank = models.IntegerField(default=1)


class Order(models.Model):
    amount = models.IntegerField()
    placed = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["placed"], name="by_placed")]
"""

MODELS_2 = """
from django.db import models
from django.db.models.functions import Lower


class Customer(models.Model):
    mail = models.CharField(max_length=200, db_comment="where invoices go")
    note = models.TextField(default="")
    rank = models.BigIntegerField(db_default=5)
    mail_lower = models.GeneratedField(
        expression=Lower("mail"), output_field=models.TextField(), db_persist=True
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(rank__gte=1, rank__lte=10), name="rank_range"),
            models.UniqueConstraint(fields=["mail", "rank"], name="one_mail"),
            models.UniqueConstraint(
                fields=["rank"], name="one_rank", deferrable=models.Deferrable.DEFERRED, nulls_distinct=False
            ),
            models.UniqueConstraint(Lower("mail"), name="one_lower", condition=models.Q(rank__gt=1)),
        ]
        indexes = [models.Index(Lower("mail"), name="by_lower")]


class Order(models.Model):
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    placed = models.DateTimeField()
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["-placed"], include=["amount"], condition=models.Q(amount__gt=0), name="recent"
            )
        ]


class Ticket(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE)
"""

DECLARATIONS = """
from pgwright.contrib.django.declarations import Function, Grant, RowPolicy, Statement, Trigger, View

DECLARATIONS = (
    Statement("CREATE TYPE mood AS ENUM ('good', 'bad')"),
    Function("touch()", "trigger", "BEGIN NEW.note := format('%s :x', NEW.note); RETURN NEW; END"),
    Trigger("touch", on="shop_customer", when="BEFORE UPDATE", execute="touch()"),
    View("shop_open", "SELECT t.id, o.amount FROM shop_ticket t JOIN shop_order o ON o.id = t.order_id"),
    RowPolicy("own", on="shop_order", using="customer_id::text = current_setting('app.customer', true)"),
    Grant("SELECT", on="TABLE shop_order", to=("shop_reader",)),
)
"""

MANAGE = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""


def write_shop(folder: Path) -> None:
    """Write the project with its first models and no migration."""
    (folder / "shop" / "migrations").mkdir(parents=True)
    for path in ("shop/__init__.py", "shop/migrations/__init__.py"):
        (folder / path).write_text("")
    (folder / "shop" / "models.py").write_text(MODELS_1)
    (folder / "site_settings.py").write_text(SETTINGS)
    (folder / "manage.py").write_text(MANAGE)
    toml = '[project]\nmodels = "django:site_settings"\nmigrations = "django"\n'
    (folder / "pgwright.toml").write_text(toml + '[databases.default]\nurl = "${DATABASE_URL}"\n')


def manage(folder: Path, url: str, *words: str) -> str:
    """Run the project's own manage.py, as its users do without pgwright."""
    environment = {**os.environ, "DATABASE_URL": url}
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def look(url: str) -> Catalog:
    with psycopg.connect(url) as conn:
        return read_catalog(conn, source="test")


def create(folder: Path, url: str, *words: str) -> str:
    done = pgwright("migrate", "create", *words, folder=folder, DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_migrations_hold_everything_and_lead_back(tmp_path: Path, database: str) -> None:
    """Django's operations come first, safe ones on tables with rows, statements for the rest; all reverse."""
    write_shop(tmp_path)
    create(tmp_path, database, "-m", "first", "--autogenerate")
    manage(tmp_path, database, "migrate")
    before = look(database)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("INSERT INTO shop_customer (mail, note, rank) VALUES ('a@b', 'x', 1), ('c@d', 'y', 2)")
        conn.execute("DO $$ BEGIN CREATE ROLE shop_reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    (tmp_path / "shop" / "models.py").write_text(MODELS_2)
    (tmp_path / "shop" / "declarations.py").write_text(DECLARATIONS)

    create(tmp_path, database, "-m", "More of it!", "--autogenerate")
    files = sorted((tmp_path / "shop" / "migrations").glob("0*.py"))
    text = "\n".join(path.read_text() for path in files[1:])
    for words in (
        "AddIndexConcurrently(",
        "RemoveIndexConcurrently(",
        "AddConstraintNotValid(",
        "ValidateConstraint(",
        "AddUniqueConstraintOnline(",
        "AddFieldOnline(",
        "AlterFieldOnline(",
        "migrations.CreateModel(",
        "atomic = False",
        "RunSteps(",
        "CREATE TYPE public.mood",
        "CREATE VIEW public.shop_open",
        "CREATE POLICY own",
        "GRANT SELECT ON TABLE public.shop_order TO shop_reader",
        "# breaks-code:",
    ):
        assert words in text
    assert "nothing changed" in create(tmp_path, database, "-m", "again", "--autogenerate")
    assert "No changes detected" in manage(tmp_path, database, "makemigrations", "--check")

    manage(tmp_path, database, "migrate")
    assert pgwright("schema", "diff", folder=tmp_path, DATABASE_URL=database).returncode == 0
    with psycopg.connect(database) as conn:
        row = conn.execute("UPDATE shop_customer SET rank = 7 WHERE mail = 'a@b' RETURNING note").fetchone()
        assert row == ("x :x",)
    assert "pg_catalog" not in manage(tmp_path, database, "sqlmigrate", "shop", files[-1].stem)
    manage(tmp_path, database, "migrate", "shop", "0001")
    assert compare(SAME.apply(before), SAME.apply(look(database))) == ()


def test_questions_and_refusals(tmp_path: Path, database: str) -> None:
    """A rename is asked for, a value that nobody gave is refused, and an empty migration is written."""
    write_shop(tmp_path)
    create(tmp_path, database, "-m", "first", "--autogenerate")
    models = MODELS_1.replace("note =", "remark =").replace("class Order", "class Purchase")
    (tmp_path / "shop" / "models.py").write_text(models)
    asked = pgwright("migrate", "create", "-m", "x", "--autogenerate", folder=tmp_path, DATABASE_URL=database)
    assert asked.returncode == 3 and "Order=Purchase" in asked.stderr
    told = ("--rename", "shop.Order=shop.Purchase", "--rename", "Customer.note=Customer.remark")
    create(tmp_path, database, "-m", "names", "--autogenerate", *told)
    text = (tmp_path / "shop" / "migrations" / "0002_names.py").read_text()
    assert "migrations.RenameModel(" in text and "migrations.RenameField(" in text

    (tmp_path / "shop" / "models.py").write_text(
        models.replace("rank = ", "who = models.IntegerField()\n    rank = ")
    )
    refused = pgwright(
        "migrate", "create", "-m", "x", "--autogenerate", folder=tmp_path, DATABASE_URL=database
    )
    assert refused.returncode == 3 and "customer.who has no value" in refused.stderr

    create(tmp_path, database, "-m", "by hand")
    (path,) = (tmp_path / "shop" / "migrations").glob("*_by_hand.py")
    assert "operations = [\n    ]" in path.read_text()


INDEXED = """
from django.db import models


class Order(models.Model):
    state = models.CharField(max_length=10, null=True)
    note = models.TextField(null=True)

    class Meta:
        indexes = [models.Index(fields=["note"], condition=models.Q(state="1"), name="open_ones")]
"""


def test_renamed_tables_are_no_new_ones(tmp_path: Path, database: str) -> None:
    """Operations on them are safe ones, too, and no type changes before the index that needs it is gone."""
    write_shop(tmp_path)
    path = tmp_path / "shop" / "models.py"
    path.write_text(INDEXED)
    create(tmp_path, database, "-m", "first", "--autogenerate")
    manage(tmp_path, database, "migrate")
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("INSERT INTO shop_order (state, note) VALUES ('1', 'x')")
    before = look(database)
    renamed = INDEXED.replace("Order", "Purchase")
    path.write_text(renamed.replace('fields=["note"], condition', 'fields=["state"], condition'))
    create(tmp_path, database, "-m", "names", "--autogenerate", "--rename", "shop.Order=shop.Purchase")
    path.write_text(
        renamed.replace("CharField(max_length=10, ", "IntegerField(").partition("    class Meta")[0]
    )
    create(tmp_path, database, "-m", "numbers", "--autogenerate")
    files = sorted((tmp_path / "shop" / "migrations").glob("0*.py"))[1:]
    assert [p.stem.partition("_")[0] for p in files] == [f"{n:04d}" for n in range(2, 2 + len(files))]
    text = "\n".join(p.read_text() for p in files)
    assert "AddIndexConcurrently(" in text and text.count("RemoveIndexConcurrently(") == 2
    manage(tmp_path, database, "migrate")
    with psycopg.connect(database) as conn:
        assert conn.execute("SELECT state FROM shop_purchase").fetchall() == [(1,)]
    manage(tmp_path, database, "migrate", "shop", "0001")
    assert compare(SAME.apply(before), SAME.apply(look(database))) == ()


def test_aquamind_has_nothing_to_write(database: str) -> None:
    """The system's migrations lead to exactly what its models say."""
    done = pgwright(
        *("migrate", "create", "-m", "nothing", "--autogenerate"),
        folder=SYSTEMS / "aquamind",
        DATABASE_URL=database,
        SECRET_KEY="any will do, if it is as long as the settings demand",
    )
    assert done.returncode == 0 and "nothing changed" in done.stdout, done.stderr


ALONE = """
from django.db import models


class Customer(models.Model):
    mail = models.CharField(max_length=100{mail})
    note = models.TextField(null=True)
{more}
    class Meta:
        db_table = "{table}"


class Seat(models.Model):
    customer = models.{relation}(Customer, on_delete=models.CASCADE)
"""
UNIQUE = """
    code_of_the_customer_in_the_books = models.CharField(max_length=10, null=True, unique=True)
    other = models.OneToOneField("self", on_delete=models.CASCADE, null=True)
"""


def test_unique_fields_are_built_beside_writers(tmp_path: Path, database: str) -> None:
    """Their constraints carry the names that PostgreSQL gives where a table is made with them."""
    write_shop(tmp_path)
    path, table = tmp_path / "shop" / "models.py", "those_who_buy_at_our_shop_größer"
    path.write_text(ALONE.format(mail=", db_index=True", more="", table=table, relation="ForeignKey"))
    create(tmp_path, database, "-m", "first", "--autogenerate")
    manage(tmp_path, database, "migrate")
    before = look(database)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(f"INSERT INTO {table} (mail) VALUES ('a'), ('b')".encode())
        conn.execute("INSERT INTO shop_seat (customer_id) VALUES (1), (2)")
    path.write_text(ALONE.format(mail=", unique=True", more=UNIQUE, table=table, relation="OneToOneField"))
    create(tmp_path, database, "-m", "alone", "--autogenerate")
    files = sorted((tmp_path / "shop" / "migrations").glob("0*.py"))[1:]
    text = "\n".join(file.read_text() for file in files)
    assert text.count("AddFieldOnline(") == 2 and text.count("AlterFieldOnline(") == 2
    assert "RunSteps" not in text and "migrations.A" not in text
    script = "\n".join(manage(tmp_path, database, "sqlmigrate", "shop", file.stem) for file in files)
    assert script.count("CREATE UNIQUE INDEX CONCURRENTLY") == script.count("UNIQUE USING INDEX") == 4
    assert script.count("CREATE INDEX CONCURRENTLY") == script.count("CREATE INDEX") == 2
    assert pgwright("migrate", "upgrade", folder=tmp_path, DATABASE_URL=database).returncode == 0
    assert pgwright("schema", "diff", folder=tmp_path, DATABASE_URL=database).returncode == 0
    assert "No changes detected" in manage(tmp_path, database, "makemigrations", "--check")
    manage(tmp_path, database, "migrate", "shop", "0001")
    assert compare(SAME.apply(before), SAME.apply(look(database))) == ()


ELSEWHERE = """
from django.db import models


class Customer(models.Model):
    mail = models.CharField(max_length=100, {mail})
    rank = models.IntegerField({rank})


class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, {customer})
    buyer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", {buyer})
"""


def test_columns_get_other_names_beside_writers(tmp_path: Path, database: str) -> None:
    """A column is renamed at once; the rest of the change, and its keys, are as without the new name."""
    write_shop(tmp_path)
    path = tmp_path / "shop" / "models.py"
    nulls = dict.fromkeys(("mail", "rank", "customer", "buyer"), "null=True")
    path.write_text(ELSEWHERE.format(**nulls))
    create(tmp_path, database, "-m", "first", "--autogenerate")
    manage(tmp_path, database, "migrate")
    before = look(database)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("INSERT INTO shop_customer (mail, rank) VALUES ('a', 1), ('b', 2)")
        conn.execute("INSERT INTO shop_order (customer_id, buyer_id) VALUES (1, 1), (2, 2)")
    path.write_text(
        ELSEWHERE.format(
            mail='unique=True, db_column="e-mail"',
            rank='db_column="place"',
            customer='db_column="who"',
            buyer="",
        ).replace("rank = models.Int", "rank = models.BigInt")
    )
    create(tmp_path, database, "-m", "elsewhere", "--autogenerate")
    files = sorted((tmp_path / "shop" / "migrations").glob("0*.py"))[1:]
    text = "\n".join(file.read_text() for file in files)
    assert text.count("AlterFieldOnline(") == 4
    script = "\n".join(manage(tmp_path, database, "sqlmigrate", "shop", file.stem) for file in files)
    assert script.count("RENAME COLUMN") == 3 and script.count("VALIDATE CONSTRAINT") == 4
    assert "CREATE UNIQUE INDEX CONCURRENTLY" in script and "FOREIGN KEY" not in script
    assert pgwright("migrate", "upgrade", folder=tmp_path, DATABASE_URL=database).returncode == 0
    assert pgwright("schema", "diff", folder=tmp_path, DATABASE_URL=database).returncode == 0
    assert "No changes detected" in manage(tmp_path, database, "makemigrations", "--check")
    with psycopg.connect(database) as conn:
        query = 'SELECT "e-mail", place, pg_typeof(place)::text FROM shop_customer ORDER BY id'
        assert conn.execute(query).fetchall() == [("a", 1, "bigint"), ("b", 2, "bigint")]
    manage(tmp_path, database, "migrate", "shop", "0001")
    assert compare(SAME.apply(before), SAME.apply(look(database))) == ()
