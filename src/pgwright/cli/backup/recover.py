"""`pgwright backup recover`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.backup.repository import engine_option, is_theirs, repository_of, repository_options
from pgwright.cli.context import Invocation
from pgwright.cli.group import Command, pass_invocation
from pgwright.cli.hazards import guard_options
from pgwright.cli.output import size
from pgwright.errors import UsageError
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.backup.pgbackrest.source import StanzaSource
    from pgwright.backup.recover.losses import Change
    from pgwright.backup.recover.plan import RecoveryPlan, Target
    from pgwright.backup.recover.recover import Recovered, Source
    from pgwright.backup.repository.repository import Repository
    from pgwright.backup.wal.archive import Gap


@click.command("recover", cls=Command)
@click.option("--to", "moment", metavar="TIME", help="'2025-07-19 12:00:00+02'; without a zone: local time.")
@click.option("--to-lsn", "lsn", metavar="LSN", help="A position in the WAL.")
@click.option("--to-xid", "xid", metavar="XID", help="A transaction.")
@click.option("--to-name", "point", metavar="NAME", help="A restore point: pg_create_restore_point().")
@click.option("--latest", is_flag=True, help="As far as the archived WAL goes.")
@click.option("--exclusive", is_flag=True, help="End just before the target instead of just after it.")
@click.option("--timeline", type=int, help="Follow this timeline. Default: the newest.")
@click.option("--backup", metavar="BACKUP", help="Begin from this base backup.")
@click.option("--name", default="recovered", show_default=True, help="Name of the new server.")
@click.option(
    "--replace", metavar="DATABASE", help="Put this database, as recovered, in the live one's place."
)
@click.option("--explain", is_flag=True, help="Print each step and do nothing.")
@engine_option
@guard_options
@repository_options
@pass_invocation
def recover(
    invocation: Invocation,
    /,
    *,
    moment: str | None,
    lsn: str | None,
    xid: str | None,
    point: str | None,
    latest: bool,
    exclusive: bool,
    timeline: int | None,
    backup: str | None,
    name: str,
    replace: str | None,
    explain: bool,
    production: str | None,
    yes: bool,
) -> None:
    """Recover the whole server to a moment, as a new server beside the old one, and show what differs.

    With --replace, the database then takes the place of the live one: the application is stopped ([backup]
    stop), the recovered database restored and compared, the old one kept under another name, and the
    application started again ([backup] start).

    Example: pgwright backup recover --to "2025-07-19 12:00:00+02" --explain
    """
    from pgwright.backup.engine import project_stanza  # noqa: PLC0415
    from pgwright.backup.pgbackrest import backups as pgbackrest  # noqa: PLC0415
    from pgwright.backup.pgbackrest.source import StanzaSource  # noqa: PLC0415
    from pgwright.backup.recover.plan import Target, plan_recovery  # noqa: PLC0415
    from pgwright.backup.recover.unpack import Planned  # noqa: PLC0415

    given = [moment, lsn, xid, point]
    if latest == any(part is not None for part in given):
        raise UsageError(
            "say where recovery ends: --to, --to-lsn, --to-xid, --to-name, or --latest",
            hint='pgwright backup recover --to "2025-07-19 12:00:00+02" --explain',
        )
    target = Target(
        time=_moment(moment), lsn=lsn, xid=xid, name=point, timeline=timeline, exclusive=exclusive
    )
    found = repository_of(invocation)
    source: Source
    if is_theirs(invocation):
        place = project_stanza(invocation.project)
        made = pgbackrest.find(place, backup)
        source = StanzaSource(stanza=place, backup=made, target=target, named=backup is not None)
        fetching = _pgbackrest_steps(source)
    else:
        plan = plan_recovery(found, target, backup=backup)
        source, fetching = Planned(repository=found, plan=plan), _plan_steps(plan)
    steps = _steps(invocation, source.target, fetching, name, replace)
    out = invocation.output
    if explain:
        out.result({"steps": steps, "target": str(target)}, lambda: _print_steps(invocation, steps))
        return
    if not out.json:
        _print_steps(invocation, steps)
    if replace is not None:
        invocation.refuse_production("replacing a database", named=production)
    invocation.confirm(f"Recover to {target}?", yes=yes)
    invocation.state_left = (
        "the old server was not touched; unfinished files of the new one are removed later"
    )
    _carry_out(invocation, found, source, name=name, replace=replace, yes=yes)


def _carry_out(
    invocation: Invocation,
    repository: Repository,
    source: Source,
    *,
    name: str,
    replace: str | None,
    yes: bool,
) -> None:
    from pgwright.backup.recover.recover import recover as do_recover  # noqa: PLC0415
    from pgwright.cli.progress import bars  # noqa: PLC0415
    from pgwright.pg import parse_address  # noqa: PLC0415

    out = invocation.output
    database = replace or parse_address(invocation.database.url).dbname or "postgres"
    with bars(out) as shown:
        done = do_recover(source, name=name, database=database, progress=shown.update)
    lost = _changes(invocation, done, database)
    facts: dict[str, Any] = {"recovered": done, "changes": lost, "replaced": None}
    if not out.json:
        _show(invocation, done, lost, database)
    if replace is not None:
        from pgwright.cli.backup.replace import replace_live  # noqa: PLC0415

        invocation.confirm(f"Put the recovered {replace} in the place of the live one?", yes=yes)
        facts["replaced"] = replace_live(invocation, repository, done.url, replace, str(source.target))
    out.result(facts, lambda: None)


def _changes(invocation: Invocation, done: Recovered, database: str) -> tuple[Change, ...] | None:
    """Return how the live database differs, None where it cannot be reached: it may be what was lost."""
    from pgwright.backup.recover.losses import changes  # noqa: PLC0415
    from pgwright.errors import PgwrightError  # noqa: PLC0415
    from pgwright.pg import parse_address  # noqa: PLC0415

    if database not in done.databases:
        return None
    try:
        return changes(parse_address(invocation.database.url).with_database(database).text, done.url)
    except PgwrightError:
        return None


def _show(invocation: Invocation, done: Recovered, lost: tuple[Change, ...] | None, database: str) -> None:
    out = invocation.output
    last = f"; last transaction {done.last_commit:%Y-%m-%d %H:%M:%S %Z}" if done.last_commit else ""
    out.line(f"server {done.name} runs, recovered up to {done.end_lsn}{last}")
    if lost is None:
        out.line(f"the live {database} cannot be compared with it")
    elif lost:
        out.table(
            ("table", "rows now", "rows recovered"),
            [(c.table, c.now, c.then) for c in lost],
            title="what differs",
        )
    else:
        out.line(f"every table of {database} has as many rows as the live one")
    out.line(f"look at it: pgwright server psql {done.name} -d {database}")
    out.line(f"stop it: pgwright server stop {done.name}; give it up: pgwright server remove {done.name}")


def _plan_steps(plan: RecoveryPlan) -> list[str]:
    from pgwright.backup.repository.manifest import Role  # noqa: PLC0415

    steps = []
    for backup in plan.backups:
        steps.append(f"unpack {backup.kind} backup {backup.id} of {backup.finished_at:%Y-%m-%d %H:%M:%S} UTC")
    if len(plan.backups) > 1:
        steps.append("combine them with pg_combinebackup")
    if plan.base.of(Role.BASE_MANIFEST):
        steps.append("compare every file with PostgreSQL's manifest: pg_verifybackup")
    if len(plan.backups) > 1:
        steps.append(
            "remove the visibility maps, which incremental backups keep wrongly; VACUUM makes new ones"
        )
    steps.append(
        f"fetch {counted(len(plan.wal), 'file')} of WAL; altogether about {size(plan.bytes)} of disk"
    )
    steps += _warnings(plan.gaps)
    return steps


def _pgbackrest_steps(source: StanzaSource) -> list[str]:
    from pgwright.backup.pgbackrest.archive import archive_state  # noqa: PLC0415

    backup = f"from backup {source.backup.id}" if source.named else "from the backup that it chooses for this"
    return [
        f"pgbackrest restore {' '.join(source.options)}: {backup}, about {size(source.bytes)} of disk",
        "fetch WAL while it is replayed: pgbackrest archive-get",
        *_warnings(archive_state(source.stanza, source.begins_from).gaps),
    ]


def _warnings(gaps: Sequence[Gap]) -> list[str]:
    return [f"WARNING: WAL is missing, {gap}: not beyond that" for gap in gaps]


def _steps(
    invocation: Invocation, target: Target, fetching: list[str], name: str, replace: str | None
) -> list[str]:
    from pgwright.backup.task import is_leftover  # noqa: PLC0415

    steps = [f"remove what a recovery that was broken off left of server {name}"] if is_leftover(name) else []
    steps += fetching
    settings = ", ".join(f"{key} = '{value}'" for key, value in target.settings.items())
    steps.append(f"start server {name} beside the old one, on its Unix socket only; {settings}")
    steps.append("wait until it has replayed the WAL and accepts writes; compare its rows with the live ones")
    if replace is not None:
        hooks = invocation.project.backup
        steps.append(f"stop the application: {' '.join(hooks.stop) or 'no command in [backup] stop'}")
        steps.append(f"dump the recovered {replace} into the repository, and restore it beside the live one")
        steps.append(f"compare it, keep the live one under another name, rename the new one to {replace}")
        steps.append(f"start the application: {' '.join(hooks.start) or 'no command in [backup] start'}")
    return steps


def _print_steps(invocation: Invocation, steps: list[str]) -> None:
    for number, step in enumerate(steps, start=1):
        invocation.output.line(f"{number}. {step}")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(f"--to {text} is no time", hint='write it as "2025-07-19 12:00:00+02:00"') from error
    return found if found.tzinfo else found.astimezone()
