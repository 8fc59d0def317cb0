"""Write batches to a file, as `dumpdata` would."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pgwright
from django.core.management.base import BaseCommand, CommandParser
from django.db import DEFAULT_DB_ALIAS
from pgwright.cli.output import Output
from pgwright.cli.progress import bars

from apps.batch.exchange import MODEL, TABLE, address, failure


class Command(BaseCommand):
    """Export batches to JSON, streaming; the file appears when it is complete."""

    help = "Export batches to JSON that import_batches and loaddata read."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add where to and which."""
        parser.add_argument(
            "--output", default="batches.json", help="file, s3:// or gs:// URL; a name in .gz is compressed"
        )
        parser.add_argument(
            "--start-date", type=dt.date.fromisoformat, help="batches begun on this day or later (YYYY-MM-DD)"
        )
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="connection to read from")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file."""
        since: dt.date | None = options["start_date"]
        request = pgwright.ExportRequest(
            tables=(TABLE,),
            where=None if since is None else f"start_date >= date '{since.isoformat()}'",
            output=options["output"],
            format="django",
            compression="gzip" if options["output"].endswith(".gz") else "none",
            model=MODEL,
        )
        try:
            with bars(Output()) as progress:
                (done,) = pgwright.run_export(address(options["database"]), request, progress=progress.update)
        except pgwright.PgwrightError as error:
            raise failure(error) from error
        self.stdout.write(self.style.SUCCESS(f"Exported {done.rows} batches to {done.file}"))
