"""What is written for systemd and cron means what it says, whatever the folder is called."""

from __future__ import annotations

import shlex
from pathlib import Path

from pgwright.jobs.schedule import Schedule

FOLDER = Path("/srv/a 100% $HOME shop")
SCHEDULE = Schedule(
    name="pgwright-backup-shop",
    command=("/usr/bin/python3", "-m", "pgwright", "--project", f"{FOLDER}/pgwright.toml", "backup", "run"),
    folder=FOLDER,
    at="02:00",
)


def test_systemd_reads_the_folder_as_it_is_called() -> None:
    # systemd replaces %-specifiers everywhere, and $ in commands only.
    assert "\nWorkingDirectory=/srv/a 100%% $HOME shop\n" in SCHEDULE.service
    assert '--project "/srv/a 100%% $$HOME shop/pgwright.toml" backup run\n' in SCHEDULE.service


def test_cron_reads_the_folder_as_it_is_called() -> None:
    # cron takes the backslash from before a per cent sign and leaves the rest to a shell.
    line = SCHEDULE.cron_line.split(" * * * ")[1].replace(r"\%", "%")
    words = shlex.split(line, comments=True)
    assert words[:3] == ["cd", str(FOLDER), "&&"]
    assert words[3:] == list(SCHEDULE.command)
