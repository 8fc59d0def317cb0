"""One run of the command line: what the global options say, and the database that they choose."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgwright.cli.output import Output
from pgwright.errors import ConfigError, HazardRefused, ProductionRefused, UsageError

if TYPE_CHECKING:
    import psycopg

    from pgwright.config import Database, Project


class Invocation:
    """Hold the global options of one run, filled while click parses, and what follows from them."""

    def __init__(self) -> None:
        self.project_path: Path | None = None
        self.database_name: str | None = None
        self.url: str | None = None
        self.json = False
        self.debug = False
        self.color = True
        # What options of a command say in the place of keys of [backup].
        self.backup: dict[str, Any] = {}
        # What an interrupted user reads; commands that change things say it more exactly while they run.
        self.state_left = (
            "what the server had committed stays, what was open is rolled back; "
            "unfinished work goes on when you run the same command again"
        )

    @cached_property
    def output(self) -> Output:
        """Return where results are printed."""
        return Output(json=self.json, color=self.color, lead=self.led)

    def led(self, text: str) -> str:
        """Return text whose commands, typed as they stand, go to the database of this run.

        A password of --url is left out of them.
        """
        from pgwright.cli.onward import led  # noqa: PLC0415
        from pgwright.pg.redact import safe_url  # noqa: PLC0415

        given = (
            ("--project", None if self.project_path is None else str(self.project_path)),
            ("--database", self.database_name),
            ("--url", None if self.url is None else safe_url(self.url)),
        )
        return led(text, [word for option, value in given if value for word in (option, value)])

    @cached_property
    def project(self) -> Project:
        """Return the project of --project or the current folder; without a file, one made of the environment.

        Its [backup] is what options say, where they do. Credentials in `.env` beside it hold for this run.
        Raises `ConfigError` where --project names a folder without one, or the file is wrong.
        """
        from pgwright.config import lend_credentials  # noqa: PLC0415

        project = self._meant
        lend_credentials(project.root)
        return replace(project, backup=replace(project.backup, **self.backup))

    @property
    def _meant(self) -> Project:
        from pgwright.config import Database, ad_hoc_project  # noqa: PLC0415

        project = self._written
        if project is None:
            return ad_hoc_project(url=self.url)
        if self.url is None:
            return project.at(self.database_name)
        same = configured_at(project, self.url)
        # A database that is configured keeps its name: whoever means it says so by that name.
        given = replace(same, url=self.url) if same else Database(name="--url", url=self.url)
        return replace(project, databases=(given,)).at()

    @cached_property
    def _written(self) -> Project | None:
        """Return the project as its file has it, whatever --url says; None without a file."""
        from pgwright.config import find_config, load_project  # noqa: PLC0415

        if self.project_path is None and find_config(Path.cwd()) is None:
            return None
        return load_project(self.project_path)

    def configured_at(self, url: str) -> Database | None:
        """Return the configured database at the place of `url`, also when another one is worked on."""
        return configured_at(self._written, url) if self._written else None

    @property
    def database(self) -> Database:
        """Return the database that --url or --database names, else the project's default.

        Raises `ConfigError` for an unknown name or none at all.
        """
        if self.url is not None and self.database_name is not None:
            raise UsageError(
                "--url and --database exclude each other",
                hint="leave one out; --database names one of pgwright.toml",
            )
        return self.project.database(self.database_name)

    def connect(self, **options: Any) -> psycopg.Connection[tuple[Any, ...]]:
        """Connect to `database`; `options` are those of `pgwright.pg.connect`."""
        from pgwright.pg import connect  # noqa: PLC0415

        return connect(self.database.url, **options)

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask before something that cannot be taken back; `yes` is the command's --yes.

        Raises `HazardRefused` when the answer is no, or when nobody is there to ask.
        """
        if yes:
            return
        if self.json or not sys.stdin.isatty():
            raise HazardRefused(
                f"{question} Nobody is there to answer",
                detail="nothing was changed",
                hint=f"if you mean it: {typed_again('--yes')}",
            )
        if not self.ask(question):
            raise HazardRefused("refused at the prompt", detail="nothing was changed")

    def ask(self, question: str, *, default: bool = False) -> bool:
        """Ask somebody at the terminal and return the answer."""
        import click  # noqa: PLC0415

        self.output.end_wait()
        return click.confirm(question, default=default, err=True)

    def refuse_production(self, deed: str, *, named: str | None) -> None:
        """Raise `ProductionRefused` for a production database unless `named` is the name it has."""
        self.refuse_production_of(self.database, deed, named=named)

    @staticmethod
    def refuse_production_of(database: Database, deed: str, *, named: str | None) -> None:
        """Do the same for a database that is not the one of the global options."""
        if database.is_production and named != database.name:
            raise ProductionRefused(
                f"{deed} on the production database {database.name} needs its name",
                detail="nothing was changed",
                hint=f"if you mean it, add: --production {database.name}",
            )


def typed_again(*more: str) -> str:
    """Return the command line of this run with more words at its end, to be typed again.

    A password of --url is left out.
    """
    from pgwright.pg.redact import safe_url  # noqa: PLC0415

    words = sys.argv[1:]
    for i, word in enumerate(words):
        if i and words[i - 1] == "--url":
            words[i] = safe_url(word)
        elif word.startswith("--url="):
            words[i] = f"--url={safe_url(word.removeprefix('--url='))}"
    return shlex.join(["pgwright", *words, *more])


def configured_at(project: Project, url: str) -> Database | None:
    """Return the configured database at the same place: a URL must be no way around its environment."""
    from pgwright.pg.address import parse_address, same_database  # noqa: PLC0415

    given = parse_address(url)
    for database in project.databases:
        if database.problem is not None:
            continue
        try:
            known = parse_address(database.url)
        except ConfigError:
            continue
        if same_database(known, given):
            return database
    return None
