"""Show the live schema by app, what is divided by time, and where the database differs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pgwright
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections

from apps.environmental.inspection import Divided, Inspection

if TYPE_CHECKING:
    from pgwright.diff.comparison import Comparison
    from pgwright.observe.docs.nouns import DataModel

# So many parts of a divided table are told by name; --chunks tells them all.
_SHOWN = 3


class Command(BaseCommand):
    """Inspect the live database; exit code 1 when it differs from the models or the other environment."""

    help = (
        "Show the live schema by app and table, hypertables and partitions, and drift: from the models, and "
        "from another environment with --against. Exits 1 on drift. Changes nothing."
    )
    # A database that is wrong is what this is for.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what is shown and what is compared."""
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="connection to look into")
        parser.add_argument("--app", action="append", metavar="LABEL", help="only tables of this app")
        parser.add_argument("--summary", action="store_true", help="tables without columns and indexes")
        parser.add_argument("--chunks", action="store_true", help="name all chunks and partitions")
        parser.add_argument(
            "--against",
            action="append",
            default=[],
            metavar="URL|NAME",
            help="compare with this database as well: a name in pgwright.toml, or a URL. Others can read a "
            "password in it: put it into ~/.pgpass or PGPASSWORD",
        )
        parser.add_argument("--no-models", action="store_true", help="do not compare with the models")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the inspection."""
        if connections[options["database"]].vendor != "postgresql":
            raise CommandError(
                "inspect_db looks into PostgreSQL; DATABASE_URL names a database of another kind"
            )
        try:
            drifted = self._inspect(Inspection(options["database"]), options)
        except pgwright.PgwrightError as error:
            raise CommandError(str(error), returncode=error.exit_code) from error
        except BrokenPipeError:
            # The reader (head, less) has enough; Python would complain once more when it closes stdout.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(141)
        if drifted:
            sys.exit(1)

    def _inspect(self, inspection: Inspection, options: dict[str, Any]) -> bool:
        catalog, model = inspection.schema()
        apps = options["app"] or [module.name for module in model.modules]
        unknown = set(apps) - {module.name for module in model.modules}
        if unknown:
            known = ", ".join(module.name for module in model.modules)
            raise CommandError(f"no tables of {', '.join(sorted(unknown))} here; there are: {known}")
        self.stdout.write(f"{catalog.source}, PostgreSQL {catalog.server.major}")
        if model.extensions:
            self.stdout.write(f"extensions: {', '.join(model.extensions)}")
        self._write(_tables(model, apps, summary=options["summary"]))
        self._write(_divided(inspection.divided(), everything=options["chunks"]))
        drifted = False
        if not options["no_models"]:
            drifted |= self._drift(inspection.against_models(), "the models")
        for other in options["against"]:
            comparison = inspection.against(other)
            drifted |= self._drift(comparison, comparison.after.source)
        return drifted

    def _drift(self, comparison: Comparison, against: str) -> bool:
        from pgwright.observe.docs.report import difference_lines  # noqa: PLC0415

        self._write(["", f"Drift from {against}", *difference_lines(comparison, against)])
        return bool(comparison.changes)

    def _write(self, lines: Iterator[str] | list[str]) -> None:
        for line in lines:
            self.stdout.write(line)


def _tables(model: DataModel, apps: list[str], *, summary: bool) -> Iterator[str]:
    from pgwright.observe.docs.report import table_lines  # noqa: PLC0415

    for module in model.modules:
        if module.name not in apps:
            continue
        yield ""
        count = len(module.tables)
        yield f"{module.name}: {count} table{'' if count == 1 else 's'}"
        for table in module.tables:
            lines = table_lines(table)
            shown = [next(lines)] if summary else lines
            yield from (f"  {line}" for line in shown)


def _divided(found: tuple[Divided, ...], *, everything: bool) -> Iterator[str]:
    yield ""
    yield "Hypertables and partitioned tables"
    if not found:
        yield "  none"
    for table in found:
        count = len(table.chunks)
        if table.interval is None:
            yield f"  {table.name}: by {table.key}, {count} partitions"
        else:
            compression = "on" if table.compression else "off"
            yield (
                f"  {table.name}: hypertable by {table.key}, {count} chunks of {table.interval}, "
                f"compression {compression}"
            )
        shown = table.chunks if everything else table.chunks[-_SHOWN:]
        if len(shown) < count:
            yield f"    … {count - len(shown)} earlier; name all with --chunks"
        for chunk in shown:
            yield f"    {chunk.name}: {chunk.bounds}{', compressed' if chunk.compressed else ''}"
