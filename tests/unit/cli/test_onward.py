"""Commands that messages name: they exist with those options, and lead to the database of the run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pgwright.cli.app import app
from pgwright.cli.onward import led
from pgwright.cli.registry import COMMANDS

ROOT = Path(__file__).parents[3]
# Up to where a command in a sentence or a table can reach.
VALUE = "VALUE"
NAMED = re.compile(r"\bpgwright((?: +(?:'[^']*'|\"[^\"]*\"|[^\s`;,)(:|\"']+))+)")
# What follows in prose, or stands for what a reader puts there.
END = re.compile(r"^(?:#.*|and|or|then|to|in|for|where|with|which|is|on|from|\[.*|[.…]+|>+|&&|\||-|-->)$")


def texts() -> Iterator[tuple[str, str]]:
    """Yield each text that may name commands, with its place."""
    for path in sorted((ROOT / "src").rglob("*.py")):
        source = path.read_text()
        if not NAMED.search(source):
            continue
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Constant(value=str(text)):
                    yield f"{path.name}:{node.lineno}", text
                case ast.JoinedStr(values=parts):
                    pieces = (str(p.value) if isinstance(p, ast.Constant) else VALUE for p in parts)
                    yield f"{path.name}:{node.lineno}", "".join(pieces)
    for pattern in ("*.md", "docs/*.md", "systems/*/*.md"):
        for path in sorted(ROOT.glob(pattern)):
            # In tables, a bar between words is written so.
            yield path.name, path.read_text().replace("\\|", "|")


def commands() -> Iterator[tuple[str, str]]:
    for place, text in texts():
        for match in NAMED.finditer(text):
            words = match[1].split()
            if words[0] in COMMANDS or (words[0].startswith("--") and words[0] != "--version"):
                yield place, match[1].strip()


def wrong(words: list[str]) -> str | None:
    """Return what pgwright does not know of a command, None where it knows all of it."""
    context = click.Context(app)
    command: click.Command = app
    while words:
        word = words.pop(0).rstrip(".'\"")
        # Options that are put together elsewhere may follow at once.
        word = word.removesuffix(VALUE) or VALUE
        if END.match(word):
            return None
        if word.startswith("-"):
            option, equals, _ = word.partition("=")
            known = [p for p in command.params if option in (*p.opts, *p.secondary_opts)]
            lax = command.context_settings.get("ignore_unknown_options", False)
            if not known and option not in ("--help", "-h") and not lax:
                return f"{command.name} has no option {option}"
            if known and not equals and isinstance(known[0], click.Option) and not known[0].is_flag:
                words[:1] = []
        elif isinstance(command, click.Group):
            for name in word.split("|"):
                found = command.get_command(context, name)
                if found is None:
                    return f"{command.name} has no command {name}"
            assert found is not None
            command = found
        elif not any(isinstance(p, click.Argument) for p in command.params):
            # The sentence goes on.
            return None
    return None


def test_every_command_that_a_text_names_exists_with_its_options() -> None:
    found = sorted(set(commands()))
    assert len(found) > 300
    faults = [f"{place}: pgwright {text}: {why}" for place, text in found if (why := wrong(text.split()))]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("go on: pgwright schema resume 7f3a", [], "go on: pgwright schema resume 7f3a"),
        (
            "go on: pgwright schema resume 7f3a, or back: pgwright schema resume 7f3a --undo",
            ["--database", "live"],
            "go on: pgwright --database live schema resume 7f3a, "
            "or back: pgwright --database live schema resume 7f3a --undo",
        ),
        (
            "pgwright schema diff; then pgwright schema plan",
            ["--project", "my app", "--url", "service=a"],
            "pgwright --project 'my app' --url service=a schema diff; "
            "then pgwright --project 'my app' --url service=a schema plan",
        ),
        # What says already where it goes, what needs no database, and what is no command.
        ("pgwright migrate reset --database other", ["--database", "x"], None),
        ("run: pgwright schema plan --help; pgwright server start", ["--database", "x"], None),
        ("another pgwright is writing", ["--database", "x"], None),
    ],
)
def test_commands_are_led_to_the_database_of_the_run(
    text: str, place: list[str], expected: str | None
) -> None:
    found = led(text, place)
    assert found == (text if expected is None else expected)
    assert led(found, place) == found
