"""Write ``docs/reference.md`` from the code: the commands with their help, and every registry.

Run as ``python -m scripts.reference``; with ``--check`` it only tells whether the page is current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import groupby

import click

from tests.unit.architecture.tree import ROOT, Entry, entries, purpose

PAGE = ROOT / "docs" / "reference.md"
COMMANDS = "pgwright.cli.registry.COMMANDS"
WIDTH = 100
HEAD = """\
# Reference

Made from the code by `make docs`; do not edit. Errors have a page of their own: [errors](errors.md).
"""


def main() -> int:
    """Write the page, or check it."""
    text = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
        print(f"wrote {PAGE.relative_to(ROOT)}")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PAGE.relative_to(ROOT)} is not what the code says; run: make docs", file=sys.stderr)
    return 1


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *_commands(), *_registries()])


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    for entry in entries():
        if entry.registry == COMMANDS:
            command = getattr(import_module(entry.module), entry.attribute)
            yield from _command(f"pgwright {entry.name}", command)


def _command(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH)
    yield f"### `{name}`\n"
    yield f"```text\n{command.get_help(context).strip()}\n```\n"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            if (found := command.get_command(context, below)) and not found.hidden:
                yield from _command(f"{name} {below}", found)


def _registries() -> Iterator[str]:
    others = (entry for entry in entries() if not entry.registry.startswith("pgwright.cli."))
    for registry, lines in groupby(others, key=lambda entry: entry.registry):
        package, _, name = registry.rpartition(".")
        yield f"## {name.replace('_', ' ').capitalize()}\n"
        yield f"{purpose(package)} (`{registry}`).\n"
        yield "| name | what it is |\n| --- | --- |"
        yield from (_row(entry) for entry in lines)
        yield ""


def _row(entry: Entry) -> str:
    return f"| `{entry.name}` | {(entry.summary or purpose(entry.module)).replace('|', '&#124;')} |"


if __name__ == "__main__":
    sys.exit(main())
