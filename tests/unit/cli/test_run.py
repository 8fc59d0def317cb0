"""Every way in which a command can end: its words, its exit code, what a program reads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import click
import psycopg
import pytest

from pgwright.cli import main
from pgwright.cli.app import app
from pgwright.cli.context import Invocation
from pgwright.cli.group import Command, pass_invocation
from pgwright.cli.registry import Entry
from pgwright.errors import HazardRefused, LockTimeoutError

Ends = Callable[[], object]


def raising(error: BaseException) -> Ends:
    def end() -> object:
        raise error

    return end


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Ends], None]:
    """Return a function that makes `pgwright probe` end in a given way."""

    def put(end: Ends) -> None:
        global probe  # noqa: PLW0603 - the registry names attributes of modules

        @click.command("probe", cls=Command)
        @pass_invocation
        def probe(invocation: Invocation) -> None:
            """End."""
            invocation.state_left = "half of it is done"
            end()

        # The test module has no importable name of its own here: lend it one.
        monkeypatch.setitem(sys.modules, "pgwright_probe", sys.modules[__name__])
        monkeypatch.setattr(
            app, "registry", MappingProxyType({"probe": Entry("pgwright_probe:probe", "End.")})
        )

    return put


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        (lambda: None, 0, ""),
        (raising(click.exceptions.Exit(1)), 1, ""),
        (
            raising(HazardRefused("no", hint="--allow deletes-data")),
            3,
            "error[PW300]: no\nhint: --allow deletes-data\n",
        ),
        (raising(LockTimeoutError("late", detail="blocked")), 4, "error[PW204]: late\ndetail: blocked\n"),
        (raising(KeyboardInterrupt()), 130, "\nerror[PW002]: interrupted\ndetail: half of it is done\n"),
        (raising(click.Abort()), 130, "\nerror[PW002]: interrupted\ndetail: half of it is done\n"),
        (raising(PermissionError(13, "Permission denied", "/x")), 4, "error[PW000]: Permission denied: /x\n"),
        (
            raising(RuntimeError("oops postgresql://a:hunter2@b")),
            4,
            "error[PW001]: RuntimeError: oops postgresql://a:****@b\n",
        ),
        (raising(psycopg.OperationalError("gone")), 4, "error[PW200]: the connection was lost\n"),
    ],
)
def test_ending(
    command: Callable[[Ends], None], capsys: pytest.CaptureFixture[str], end: Ends, code: int, said: str
) -> None:
    command(end)
    assert main(["probe"]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(said)
    assert "Traceback" not in captured.err
    assert main(["probe", "--json"]) == code
    out = capsys.readouterr().out
    if said:
        error = json.loads(out)["error"]
        assert error["code"] in said
        assert error["exit_code"] == code
    else:
        assert out == ""


def test_debug_shows_the_traceback_without_passwords(
    command: Callable[[Ends], None], capsys: pytest.CaptureFixture[str]
) -> None:
    command(raising(RuntimeError("oops postgresql://a:hunter2@b")))
    assert main(["--debug", "probe"]) == 4
    captured = capsys.readouterr()
    assert "Traceback" in captured.err
    assert "hunter2" not in captured.err


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        (["servr"], "no command servr; did you mean server?", "pgwright --help"),
        (["server", "strat"], "no command strat; did you mean start?", "pgwright server --help"),
        (["server", "start", "--prt", "1"], "no such option", "pgwright server start --help"),
        (["server", "start", "--port", "x"], "'x' is not a valid integer", "pgwright server start --help"),
        (["init", "--url", "mysql://x"], "mysql:// is not", "postgresql://"),
        (["server"], "missing command", "pgwright server --help"),
        (
            ["schema", "apply", "--allow", "delete-data"],
            "did you mean deletes-data",
            "there are: deletes-data",
        ),
    ],
)
def test_usage(capsys: pytest.CaptureFixture[str], words: list[str], said: str, hint: str) -> None:
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error[PW10")
    assert said in captured.err
    assert hint in captured.err
    assert main(["--json", *words]) == 2
    assert said in json.loads(capsys.readouterr().out)["error"]["message"]


def test_password_in_argv_is_warned_of_and_not_repeated(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["init", "--project", str(tmp_path), "--print", "--url", "postgresql://jo:hunter2@db/x"]
    assert main(words) == 0
    captured = capsys.readouterr()
    assert "warning: other users of this machine can read the password" in captured.err
    assert "hunter2" not in captured.out + captured.err
    assert main([*words[:-1], "postgresql://jo@db/x"]) == 0
    assert capsys.readouterr().err == ""


def test_options_count_before_and_after_the_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for words in (
        ["--json", "--project", str(tmp_path), "init", "--print"],
        ["init", "--print", "--json", "--project", str(tmp_path)],
    ):
        assert main(words) == 0
        assert f'name = "{tmp_path.name}"' in json.loads(capsys.readouterr().out)["text"]


# What is started in the background ignores SIGINT, and so do its children, unless they say otherwise.
SCRIPT = """
import signal, sys, threading
signal.signal(signal.SIGINT, signal.default_int_handler)
from pgwright.cli import app as module, main
from pgwright.cli.registry import Entry
import click
@click.command("probe")
@click.pass_obj
def probe(invocation):
    try:
        sys.stderr.write("ready\\n"); sys.stderr.flush()
        {body}
    finally:
        sys.stderr.write("cleaned up\\n")
sys.modules["probe_module"] = sys.modules["__main__"]
module.app.registry = {{"probe": Entry("probe_module:probe", "Probe.")}}
sys.exit(main(["probe"]))
"""


def started(body: str) -> subprocess.Popen[str]:
    code = textwrap.dedent(SCRIPT).format(body=body)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "ready\n"
    return process


@pytest.mark.parametrize(
    ("number", "code", "said"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "")]
)
def test_signals_let_the_command_clean_up(number: signal.Signals, code: int, said: str) -> None:
    process = started("threading.Event().wait(60)")
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert err.startswith("cleaned up\n")
    assert said in err
    assert "Traceback" not in err


def test_reader_that_goes_away_is_no_error() -> None:
    process = started("[print('x' * 1000) for _ in range(10000)]")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(30) == 141
    assert err == "cleaned up\n"


def test_module_runs_as_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pgwright", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("pgwright ")
    assert main(["--version"]) == 0


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["server", "--help"], ["init", "--help"]])
def test_nothing_heavy_is_loaded_for_a_first_word(words: list[str]) -> None:
    heavy = {"psycopg", "sqlalchemy", "django", "alembic", "rich", "asyncio", "tenacity"}
    heavy |= {"click"} if words == ["--version"] else set()
    code = "import sys\nfrom pgwright.cli import main\n"
    code += f"main({words!r})\nprint(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_works_from_a_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = f"import os\nos.chdir({str(gone)!r})\nos.rmdir({str(gone)!r})\n"
    code += "from pgwright.cli import main\nraise SystemExit(main(['init']))"
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode in {2, 4}
    assert done.stderr.startswith("error[")
    assert "Traceback" not in done.stderr


def test_an_interrupt_while_modules_load_says_nothing_of_them() -> None:
    script = (
        "import sys\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'click':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupts())\n"
        "from pgwright.cli import program\n"
        "sys.exit(program())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "doctor"], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "\n")
