"""Output fits its reader: a person at a terminal, a file, a program."""

from __future__ import annotations

import io
import re
import sys
from datetime import UTC, datetime

import pytest

from pgwright.cli import output as module
from pgwright.cli import waiting
from pgwright.cli.output import Output, cell_text, duration, size
from pgwright.cli.progress import bars


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_table(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("users", 1200, None, True), ("a\nb", 7, "x", False)]
    Output().table(("table", "rows", "note", "ok"), rows, title="Tables")
    assert capsys.readouterr().out == (
        "Tables\ntable  rows  note  ok\nusers  1200        yes\na b       7  x     no\n"
    )


def test_empty_table_still_has_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(("a", "b"), [])
    assert capsys.readouterr().out == "a  b\n"


def test_plain_output_loads_no_rich(capsys: pytest.CaptureFixture[str]) -> None:
    import subprocess

    code = "from pgwright.cli.output import Output\nout = Output()\n"
    code += "out.table(('a',), [(1,)])\nout.line('x', style='red')\n"
    code += "import sys; assert 'rich' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_terminal_table_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "60")
    Output(color=False).table(("name", "rows"), [("[red]users[/red]", 5)])
    assert "[red]users[/red]" in terminal.getvalue(), "data is never taken for markup"
    assert "─" in terminal.getvalue()


@pytest.mark.parametrize("width", [24, 40, 60, 80, 120])
def test_a_narrow_terminal_breaks_no_word(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", str(width))
    rows = [("public.support_tickets", "139 MB", None, 5, "btree (user_id, created_at DESC)")]
    Output(color=False).table(("index", "size", "kind", "scans", "definition"), rows)
    shown = re.sub(r"\x1b\[\d*m", "", terminal.getvalue())
    assert max(map(len, shown.splitlines())) <= width
    for whole in ("public.support_tickets", "139 MB", "created_at"):
        assert whole in shown
    assert ("size 139 MB" in shown) == (width < 60)
    assert "kind ," not in shown


def test_json_goes_alone_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output(json=True)
    out.remark("by the way", level="warning")
    out.result({"a": 1}, lambda: pytest.fail("rendered for people"))
    captured = capsys.readouterr()
    assert captured.out == '{\n  "a": 1\n}\n'
    assert captured.err == "warning: by the way\n"


def test_passwords_are_masked_but_where_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    url, out = "postgresql://a:hunter2@b", Output()
    out.line(url)
    out.table(("url",), [(url,)])
    out.remark(url)
    assert "hunter2" not in "".join(capsys.readouterr())
    out.verbatim(url)
    assert capsys.readouterr().out == url + "\n"


def test_text_that_the_terminal_cannot_show(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="ascii", write_through=True))
    Output().line("näher")
    assert buffer.getvalue() == b"n\\xe4her\n"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, ""),
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1536, "1.5 kB"),
        (1024**3 * 140, "140 GB"),
        (2**70, "1048576 PB"),
    ],
)
def test_size(number: int | None, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.25, "250 ms"),
        (12, "12 s"),
        (125, "2 min 5 s"),
        (11520, "3 h 12 min"),
        (200000, "2 d 7 h"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_cells() -> None:
    assert cell_text(1.50) == "1.5"
    assert cell_text(datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)) == "2026-01-02 03:04:05+00:00"
    assert cell_text(["a", 1]) == "a, 1"


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert module.Output().color
    monkeypatch.setenv("NO_COLOR", "1")
    assert not module.Output().color


def test_progress_without_a_terminal_is_a_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with bars(Output()) as progress:
        for done in range(0, 1001):
            progress.update("rows", done, 1000)
        progress.update("rows", 1000, 1000)
        progress.update("url postgresql://a:hunter2@b", 1)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "rows: 0 of 1,000\nrows: 1,000 of 1,000\nurl postgresql://a:****@b: 1\n"


def test_progress_is_silent_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    with bars(Output(json=True)) as progress:
        progress.update("rows", 1, 2)
        progress.note("x")
    assert capsys.readouterr() == ("", "")


def test_progress_on_a_terminal_draws_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with bars(Output(color=False)) as progress:
        progress.update("rows [x]", 5, 10)
        progress.note("half-way [y]")
    assert "rows [x]" in terminal.getvalue()
    assert "half-way [y]" in terminal.getvalue()


def test_a_sign_of_life_ends_when_something_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(waiting, "_QUIET", 0.0)
    out = Output()
    with out.waiting():
        while "working" not in terminal.getvalue():
            pass
        out.line("done")
        said = terminal.getvalue()
        assert said.endswith("\r\x1b[K"), "what is printed begins on an empty line"
    assert terminal.getvalue() == said
    assert capsys.readouterr().out == "done\n"


def test_no_sign_of_life_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with Output().waiting():
        Output().line("done")
    assert capsys.readouterr() == ("done\n", "")
