"""`pgwright data`: rows to files and back."""

from __future__ import annotations

from pgwright.cli.data.exports import export_rows
from pgwright.cli.data.imports import import_file
from pgwright.cli.group import group


@group("data")
def command() -> None:
    """Export rows to files and import them, checked and counted.

    Files are on this machine or in object storage (s3://, gs://, az://), compressed or not.

    Example: pgwright data import users.csv --on-conflict update --key email
    """


for below in (export_rows, import_file):
    command.add_command(below)
