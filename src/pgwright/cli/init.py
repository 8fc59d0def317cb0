"""`pgwright init`."""

from __future__ import annotations

from pathlib import Path

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import command as top_command
from pgwright.cli.group import pass_invocation
from pgwright.errors import ConfigError


@top_command("init")
@click.option("--name", help="Name of the project. Default: the folder's name.")
@click.option("--force", is_flag=True, help="Replace a pgwright.toml that exists.")
@click.option("--print", "only_print", is_flag=True, help="Print the file instead of writing it.")
@pass_invocation
def command(invocation: Invocation, name: str | None, force: bool, only_print: bool) -> None:
    """Write pgwright.toml for this project.

    Looks for alembic.ini, manage.py and declarative bases without importing any code, and writes what it
    found with a comment for each key.

    Example: pgwright init --print
    """
    from pgwright.config.discover import discover  # noqa: PLC0415
    from pgwright.config.write import default_text, write_default  # noqa: PLC0415

    root = (invocation.project_path or Path.cwd()).absolute()
    if not root.is_dir():
        raise ConfigError(f"{root} is not a folder", hint="name the project's folder with --project")
    found, out = discover(root), invocation.output
    if only_print:
        text = default_text(root, name=name, found=found)
        out.result({"text": text}, lambda: out.line(text.rstrip("\n")))
        return
    path = write_default(root, name=name, found=found, overwrite=force)
    variable = found.variables[0] if found.variables else "DATABASE_URL"

    def render() -> None:
        out.line(f"wrote {path}")
        out.line(f"models:     {', '.join(found.models) or 'none found; name them in the file'}")
        out.line(f"migrations: {', '.join(found.migrations) or 'none found'}")
        out.line()
        out.line(f"Next: set {variable} in the environment or in {root / '.env'}, then run: pgwright status")
        out.line("No server at hand? pgwright server start")

    out.result({"path": path, "found": found, "variable": variable}, render)
