"""Bring batches from a file: new ones are added, known ones updated."""

from __future__ import annotations

from typing import Any

import pgwright
from django.core.management.base import BaseCommand, CommandParser
from django.db import DEFAULT_DB_ALIAS
from pgwright.cli.output import Output
from pgwright.cli.progress import bars

from apps.batch.exchange import MODEL, TABLE, address, failure


class Command(BaseCommand):
    """Import batches from JSON in one transaction: all of them, or none when one is bad."""

    help = "Import batches from JSON of export_batches or dumpdata; known ones (by id) are updated."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add where from."""
        parser.add_argument("--input", default="batches.json", help="file, s3:// or gs:// URL; may be gzip")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="connection to write to")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read the file."""
        request = pgwright.ImportRequest(
            source=options["input"],
            table=TABLE,
            model=MODEL,
            format="django",
            conflict=pgwright.Conflict.UPDATE,
            key=("id",),
            dry_run=options["dry_run"],
        )
        try:
            with pgwright.connect(address(options["database"]), autocommit=True) as connection:
                prepared = pgwright.prepare_import(connection, request)
                with bars(Output()) as progress:
                    done = pgwright.run_import(
                        connection, prepared, lambda rows: progress.update("batches", rows)
                    )
        except pgwright.PgwrightError as error:
            raise failure(error) from error
        counts = done.counts
        verb = "Would import" if options["dry_run"] else "Imported"
        self.stdout.write(
            self.style.SUCCESS(
                f"{verb} {counts.read} batches: {counts.inserted} new, {counts.updated} updated,"
                f" {counts.skipped} repeated in the file"
            )
        )
