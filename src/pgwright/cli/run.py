"""Run the command line: every way it can end gets its words and its exit code."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Any

import click

from pgwright.cli.app import app
from pgwright.cli.context import Invocation
from pgwright.cli.encode import to_json
from pgwright.errors import InternalError, Interrupted, PgwrightError, UsageError
from pgwright.pg.redact import redact

_BROKEN_PIPE = 128 + signal.SIGPIPE


def run(args: list[str]) -> int:
    """Run one command and return its exit code; errors go to stderr, with --json to stdout as well."""
    if "_PGWRIGHT_COMPLETE" in os.environ:
        app.main(args, prog_name="pgwright")
    invocation = Invocation()
    # While click still parses, nobody has told the invocation yet how errors should look.
    invocation.json, invocation.debug = "--json" in args, "--debug" in args
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        return _run(args, invocation)
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(args: list[str], invocation: Invocation) -> int:
    try:
        try:
            with app.make_context("pgwright", args, obj=invocation) as ctx:
                app.invoke(ctx)
            sys.stdout.flush()
        except click.exceptions.Exit as stop:
            sys.stdout.flush()
            return stop.exit_code
        except BrokenPipeError:
            raise
        except _Terminated:
            return 128 + signal.SIGTERM
        except (KeyboardInterrupt, click.Abort, EOFError) as exc:
            return _report(Interrupted("interrupted", detail=invocation.state_left), exc, invocation)
        except Exception as exc:
            return _report(_explained(exc), exc, invocation)
    except BrokenPipeError:
        # The reader (head, less) has enough. Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return 0


class _Terminated(KeyboardInterrupt):
    """Tell of SIGTERM, as an exception, so that half-made files are removed on the way out.

    At this kind alone psycopg cancels the statement under way, so that the server lets go of its locks.
    """


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise _Terminated


def _explained(exc: Exception) -> PgwrightError:
    if isinstance(exc, PgwrightError):
        return exc
    if isinstance(exc, click.ClickException):
        return _usage(exc)
    if _is_driver_error(exc):
        from pgwright.pg import statement_error  # noqa: PLC0415

        return statement_error(exc)  # type: ignore[arg-type]
    if isinstance(exc, OSError) and exc.strerror:
        where = f" {exc.filename}" if exc.filename else ""
        return PgwrightError(f"{exc.strerror}:{where}", hint="the same command with --debug shows where")
    return InternalError(
        f"{type(exc).__name__}: {redact(str(exc)) or 'no message'}",
        detail="this is a fault of pgwright",
        hint="run the same command with --debug and report what it shows",
    )


def _usage(exc: click.ClickException) -> UsageError:
    ctx = getattr(exc, "ctx", None)
    path = ctx.command_path if ctx else "pgwright"
    text = exc.format_message().strip().removesuffix(".")
    text = text[:1].lower() + text[1:]
    known = None
    if isinstance(exc, click.UsageError) and ctx and isinstance(ctx.command, click.Group):
        known = f"commands: {', '.join(ctx.command.list_commands(ctx))}"
    return UsageError(redact(text), detail=known, hint=f"run: {path} --help")


def _is_driver_error(exc: Exception) -> bool:
    driver: Any = sys.modules.get("psycopg")
    return driver is not None and isinstance(exc, driver.Error)


def _report(error: PgwrightError, cause: BaseException, invocation: Invocation) -> int:
    sys.stdout.flush()
    if error.hint:
        error.hint = invocation.led(error.hint)
    if isinstance(error, Interrupted) and error.detail:
        error.detail = invocation.led(error.detail)
    if invocation.debug:
        import traceback  # noqa: PLC0415

        sys.stderr.write(redact("".join(traceback.format_exception(cause))))
    if isinstance(error, Interrupted):
        sys.stderr.write("\n")  # after the terminal's ^C
    if invocation.json:
        sys.stdout.write(to_json({"error": error.as_dict()}) + "\n")
        sys.stdout.flush()
    sys.stderr.write(redact(str(error)) + "\n")
    return error.exit_code
