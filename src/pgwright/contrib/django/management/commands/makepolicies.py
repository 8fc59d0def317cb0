"""``manage.py makepolicies``: write migrations for what apps declare in ``policies.py``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.writer import MigrationWriter

from pgwright.contrib.django.history import recorded
from pgwright.contrib.django.policies import missing_operations, project_policies
from pgwright.contrib.django.writer import numbered
from pgwright.errors import PolicyError


class Command(BaseCommand):
    """Compare ``policies.py`` of each app with its migrations, and write the migration that is missing."""

    help = (
        "Writes migrations for what apps declare about tables over time in policies.py. "
        "Example: manage.py makepolicies environmental"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        parser.add_argument("app_label", nargs="*", help="Only these apps.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Show what would be written, write nothing."
        )
        parser.add_argument(
            "--check", action="store_true", help="Write nothing; exit 1 if a migration is missing."
        )
        parser.add_argument(
            "-n", "--name", help="Name of the migration, instead of one made of its contents."
        )

    def handle(self, *app_labels: str, **options: Any) -> None:
        """Run the command."""
        labels = set(options["app_label"]) or {app.label for app in apps.get_app_configs()}
        try:
            wanted = project_policies()
        except PolicyError as exc:
            raise CommandError(str(exc)) from exc
        loader = MigrationLoader(None, ignore_no_migrations=True)
        written = 0
        for app in apps.get_app_configs():
            if app.label not in labels:
                continue
            operations = list(missing_operations(wanted[app.label], recorded(loader, app.label)))
            if operations:
                written += 1
                self._write(loader, app.label, operations, options)
        if not written:
            self.stdout.write("No changes: the migrations hold what policies.py declares")
        elif options["check"]:
            sys.exit(1)

    def _write(
        self, loader: MigrationLoader, label: str, operations: list[Any], options: dict[str, Any]
    ) -> None:
        writer = MigrationWriter(numbered(loader, label, options["name"] or "policies", operations))
        self.stdout.write(self.style.MIGRATE_HEADING(f"Policies of '{label}':"))
        for operation in operations:
            self.stdout.write(f"  - {operation.describe()}")
        if options["check"]:
            return
        text = writer.as_string()
        if options["dry_run"]:
            self.stdout.write(text)
            return
        Path(writer.path).write_text(text, encoding="utf-8")
        self.stdout.write(f"wrote {writer.path}")
