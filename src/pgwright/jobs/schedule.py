"""Install the daily backup where the system keeps such things: a systemd timer, or cron."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pgwright.config import Database, Project
from pgwright.errors import ScheduleError, UsageError

SYSTEMD, CRON = "systemd", "cron"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Say what runs when: `at` is a time of day, ``HH:MM``, of the machine's clock."""

    name: str
    command: tuple[str, ...]
    folder: Path
    at: str

    @property
    def cron_line(self) -> str:
        """Return the line for a crontab; its last word is how it is found again."""
        hour, minute = self.at.split(":")
        # In a crontab a per cent sign ends the command.
        words = shlex.join(self.command).replace("%", r"\%")
        folder = shlex.quote(str(self.folder)).replace("%", r"\%")
        return f"{int(minute)} {int(hour)} * * * cd {folder} && {words} {self.mark}"

    @property
    def mark(self) -> str:
        """Return the comment that tells this line from others."""
        return f"# {self.name}"

    @property
    def service(self) -> str:
        """Return the systemd unit that does the work."""
        command = " ".join(_escaped(word) for word in self.command)
        folder = str(self.folder).replace("%", "%%")
        return (
            f"[Unit]\nDescription=Daily backup by pgwright ({self.name})\nWants=network-online.target\n"
            f"After=network-online.target\n\n[Service]\nType=oneshot\nWorkingDirectory={folder}\n"
            f"ExecStart={command}\nNice=10\nIOSchedulingClass=idle\n"
        )

    @property
    def timer(self) -> str:
        """Return the unit that starts it; a run missed while the machine was off is made up for."""
        return (
            f"[Unit]\nDescription=Time of {self.name}\n\n[Timer]\nOnCalendar=*-*-* {self.at}:00\n"
            "Persistent=true\nRandomizedDelaySec=60\n\n[Install]\nWantedBy=timers.target\n"
        )


def schedule_of(project: Project, database: Database, at: str) -> Schedule:
    """Return the schedule of a project's daily backup. Raises `UsageError` without a pgwright.toml."""
    if project.config is None:
        raise UsageError(
            "a schedule needs a pgwright.toml, which says where the database is",
            detail="variables of this shell are gone at night; .env beside the file is read",
            hint="write one with: pgwright init",
        )
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", f"{project.name}-{database.name}").lower()
    command = (sys.executable, "-m", "pgwright", "--project", str(project.config))
    return Schedule(
        name=f"pgwright-backup-{safe}",
        command=(*command, "--database", database.name, "backup", "run"),
        folder=project.root,
        at=at,
    )


def ways() -> tuple[str, ...]:
    """Return what this machine can do, the better first."""
    systemd = shutil.which("systemctl") and Path("/run/systemd/system").is_dir()
    return tuple(way for way, there in ((SYSTEMD, systemd), (CRON, shutil.which("crontab"))) if there)


def install(schedule: Schedule, way: str) -> str:
    """Install the schedule, in the place of an older one, and say where. Raises `ScheduleError`."""
    if way == CRON:
        _write_crontab([*_others(schedule), schedule.cron_line])
        return "crontab -l"
    folder = _unit_folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{schedule.name}.service").write_text(schedule.service)
    (folder / f"{schedule.name}.timer").write_text(schedule.timer)
    _systemctl("daemon-reload")
    _systemctl("enable", "--now", f"{schedule.name}.timer")
    return f"systemctl {' '.join([*_scope(), 'list-timers', schedule.name])}.timer"


def remove(schedule: Schedule, way: str) -> None:
    """Take the schedule away; one that is not there is no error."""
    if way == CRON:
        _write_crontab(_others(schedule))
        return
    timer = _unit_folder() / f"{schedule.name}.timer"
    if timer.exists():
        _systemctl("disable", "--now", timer.name)
        timer.unlink()
        timer.with_suffix(".service").unlink(missing_ok=True)
        _systemctl("daemon-reload")


def _others(schedule: Schedule) -> list[str]:
    found = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False)
    lines = found.stdout.splitlines() if found.returncode == 0 else []
    return [line for line in lines if not line.rstrip().endswith(schedule.mark)]


def _write_crontab(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    done = subprocess.run(["crontab", "-"], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ScheduleError("crontab refused the schedule", detail=done.stderr.strip() or None)


def _scope() -> list[str]:
    return [] if os.geteuid() == 0 else ["--user"]


def _unit_folder() -> Path:
    if os.geteuid() == 0:
        return Path("/etc/systemd/system")
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "systemd" / "user"


def _systemctl(*words: str) -> None:
    done = subprocess.run(
        ["systemctl", *_scope(), *words],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise ScheduleError(
            f"systemctl {words[0]} failed",
            detail=done.stderr.strip() or None,
            hint="choose cron instead: pgwright backup schedule --with cron",
        )


def _escaped(word: str) -> str:
    """Return a word of ExecStart: systemd expands % and $, and splits at blanks."""
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{text}"' if re.search(r"[\s\"']", word) else text
