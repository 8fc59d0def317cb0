"""What the help says, command by command. PGWRIGHT_UPDATE=1 writes the snapshots anew."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from pgwright.cli import main
from pgwright.cli.group import Command, Group
from pgwright.cli.registry import COMMANDS, DEFAULT

SNAPSHOTS = Path(__file__).with_name("snapshots")
PAGE = Path(__file__).parents[3] / "docs" / "cli.md"
PINNED = (
    "",
    "init",
    "server",
    *(f"server {name}" for name in ("start", "stop", "status", "list", "url", "psql", "remove")),
)


def loaded(name: str) -> click.Command:
    module, _, attribute = COMMANDS[name].target.partition(":")
    command = getattr(import_module(module), attribute)
    assert isinstance(command, (Command, Group))
    return command


def paths(words: tuple[str, ...], command: click.Command) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from paths((*words, name), below)


@pytest.mark.parametrize("words", PINNED)
def test_help_is_as_it_was(
    words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main([*words.split(), "--help"]) == 0
    text = capsys.readouterr().out
    file = SNAPSHOTS / f"{words.replace(' ', '-') or 'pgwright'}.txt"
    if os.environ.get("PGWRIGHT_UPDATE"):
        SNAPSHOTS.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_explained(name: str) -> None:
    for words, command in paths((name,), loaded(name)):
        place = " ".join(words)
        assert command.help, f"{place} has no help"
        assert isinstance(command, click.Group) or "Example: " in command.help, f"{place} has no example"
        unexplained = [p.opts for p in command.params if isinstance(p, click.Option) and not p.help]
        assert not unexplained, f"{place}: {unexplained}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_global_options(name: str) -> None:
    for words, command in paths((name,), loaded(name)):
        known = {opt for param in command.params for opt in param.opts}
        assert {"--json", "--debug", "--no-color", "--project"} <= known, " ".join(words)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    assert f"`pgwright {name}" in PAGE.read_text(encoding="utf-8")
    assert COMMANDS[name].help.endswith(".")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("upgrade", "pgwright migrate upgrade"),
        ("plan", "pgwright schema plan or pgwright policy plan"),
        ("restore", "pgwright backup restore or pgwright policy restore"),
        ("backup wla", "wal"),
    ],
)
def test_a_command_in_the_wrong_place_is_pointed_to(
    words: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    assert f"did you mean {meant}?" in capsys.readouterr().err


def test_default_command_is_one_of_them() -> None:
    assert DEFAULT in COMMANDS
