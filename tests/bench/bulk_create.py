"""Import users by Django's ``bulk_create(update_conflicts=True)``.

Run it by ``python -m tests.bench.bulk_create URL FILE``.
"""

from __future__ import annotations

import csv
import sys
from datetime import datetime
from itertools import islice
from pathlib import Path

import django
from django.conf import settings
from django.db import models, transaction
from psycopg.conninfo import conninfo_to_dict

_ROWS = 5_000  # of one statement: fewer take longer, and more no less


def main(url: str, path: str) -> None:
    """Read the file and upsert its rows by their e-mail address, in one transaction."""
    place = conninfo_to_dict(url)
    names = {"NAME": "dbname", "HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    database = {django_name: place.get(name, "") for django_name, name in names.items()}
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **database}}, USE_TZ=True
    )
    django.setup()

    class User(models.Model):
        email: models.TextField[str, str] = models.TextField(unique=True)
        name: models.TextField[str, str] = models.TextField(null=True)
        age: models.IntegerField[int, int] = models.IntegerField(null=True)
        changed: models.DateTimeField[datetime, datetime] = models.DateTimeField(null=True)

        class Meta:
            app_label = "bench"
            db_table = "users"

    with Path(path).open(newline="") as file, transaction.atomic():
        reader = csv.DictReader(file)
        while rows := list(islice(reader, _ROWS)):
            User.objects.bulk_create(
                [
                    User(
                        email=row["email"],
                        name=row["name"],
                        age=int(row["age"]),
                        changed=datetime.fromisoformat(row["changed"]),
                    )
                    for row in rows
                ],
                update_conflicts=True,
                unique_fields=["email"],
                update_fields=["name", "age", "changed"],
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
