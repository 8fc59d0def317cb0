"""`pgwright backup restore`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pgwright.cli.backup.repository import repository_of, repository_options
from pgwright.cli.context import Invocation
from pgwright.cli.group import Command, pass_invocation
from pgwright.cli.hazards import guard_options
from pgwright.cli.output import duration
from pgwright.errors import BackupMissing, UsageError
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.backup.repository.manifest import Content, Manifest
    from pgwright.backup.repository.repository import Repository
    from pgwright.backup.restore.database import Restored


@click.command("restore", cls=Command)
@click.argument("backup", required=False)
@click.option("--as", "name", metavar="NAME", help="Name of the restored database. Default: its old name.")
@click.option("--replace", metavar="NAME", help="Let this database give way; it is kept under another name.")
@click.option("-t", "--table", "tables", multiple=True, metavar="NAME", help="Only this table; repeatable.")
@click.option("--schema-only", is_flag=True, help="Restore the definitions alone.")
@click.option(
    "--data-only", is_flag=True, help="Restore the rows alone, into the empty tables of the database that is."
)
@click.option("-j", "--jobs", type=click.IntRange(1, 64), help="Sessions at a time, for parallel backups.")
@click.option("--no-owner", is_flag=True, help="Leave owners and grants out.")
@click.option("--map-role", "mapped", multiple=True, metavar="OLD=NEW", help="Give OLD's things to NEW.")
@click.option("--create-roles", is_flag=True, help="Make the roles of the backup that this server lacks.")
@guard_options
@repository_options
@pass_invocation
def restore(
    invocation: Invocation,
    /,
    *,
    backup: str | None,
    name: str | None,
    replace: str | None,
    tables: tuple[str, ...],
    schema_only: bool,
    data_only: bool,
    jobs: int | None,
    no_owner: bool,
    mapped: tuple[str, ...],
    create_roles: bool,
    production: str | None,
    yes: bool,
) -> None:
    """Restore BACKUP (default: the database's newest) on its server, and compare it with its manifest.

    A whole database grows beside the old one and takes its name at the end. With --table or --data-only
    rows go into the database itself, in one transaction, into tables that are missing or empty.

    Example: pgwright backup restore --as shop_yesterday
    """
    from pgwright.backup.repository.manifest import Content  # noqa: PLC0415
    from pgwright.backup.restore.database import RestoreOptions, check_restore, dump_facts  # noqa: PLC0415
    from pgwright.backup.restore.database import restore_database as do_restore
    from pgwright.backup.restore.tables import check_tables, restore_tables  # noqa: PLC0415
    from pgwright.cli.progress import bars  # noqa: PLC0415

    if schema_only and data_only:
        raise UsageError("--schema-only and --data-only leave nothing", hint="choose one of them")
    found = repository_of(invocation)
    chosen = _chosen(invocation, found, backup, rows_only=bool(tables) or data_only)
    url, roles = invocation.database.url, tuple(_pair(text) for text in mapped)
    inside = bool(tables) or data_only or chosen.content is Content.DATA
    if inside:
        if name or replace or schema_only or create_roles:
            raise UsageError(
                "rows are restored into the database itself",
                hint="leave --as, --replace, --schema-only and --create-roles out; or name another --url",
            )
        invocation.refuse_production("restoring rows", named=production)
        check_tables(chosen, url, tables)
        _show_plan(invocation, chosen, f"rows go into {', '.join(tables) or 'all its tables'}")
        invocation.confirm("Restore?", yes=yes)
        invocation.state_left = "the database is as it was: the restore is one transaction"
        with bars(invocation.output) as shown:
            done = restore_tables(
                found, chosen, url, tables, owner=not no_owner, roles=roles, progress=shown.update
            )
        _show(invocation, done)
        return
    target = name or replace or dump_facts(chosen, _content(schema_only, chosen)).name
    if replace is not None and replace != target:
        raise UsageError(f"--replace {replace} and --as {name} name two databases", hint="name one")
    _refuse_production(invocation, target, replace, production)
    options = RestoreOptions(
        name=target,
        content=_content(schema_only, chosen),
        replace=replace is not None,
        jobs=jobs or invocation.project.backup.jobs,
        owner=not no_owner,
        roles=roles,
        create_roles=create_roles,
    )
    check_restore(chosen, url, options)
    how = f"as database {target}"
    _show_plan(
        invocation, chosen, f"{how}; the one of that name is kept under another one" if replace else how
    )
    invocation.confirm("Restore?", yes=yes)
    invocation.state_left = f"a half-made {target}_restoring may be left, which the next restore drops"
    with bars(invocation.output) as shown:
        done = do_restore(found, chosen, url, options, progress=shown.update)
    _show(invocation, done)


def _chosen(invocation: Invocation, found: Repository, backup: str | None, *, rows_only: bool) -> Manifest:
    """Return the backup that is named, else the newest of this database; on a new server, the newest."""
    from pgwright.backup.engine import their_backups  # noqa: PLC0415
    from pgwright.backup.restore.database import holds_a_server  # noqa: PLC0415
    from pgwright.pg import parse_address  # noqa: PLC0415

    if backup is not None:
        if any(made.id == backup for made in their_backups(invocation.project)):
            raise holds_a_server(backup)
        return found.get(backup)
    try:
        return found.get(database=parse_address(invocation.database.url).dbname)
    except BackupMissing as missing:
        if rows_only:
            missing.hint = "name one of another database, if that is meant: pgwright backup list"
            raise
        return found.get()


def _content(schema_only: bool, chosen: Manifest) -> Content:
    from pgwright.backup.repository.manifest import Content as contents  # noqa: PLC0415, N813

    return contents.SCHEMA if schema_only else chosen.content


def _refuse_production(
    invocation: Invocation, target: str, replace: str | None, production: str | None
) -> None:
    """Refuse to put another database in the place of a production one that was not named."""
    from pgwright.pg import parse_address  # noqa: PLC0415

    if replace is None:
        return
    # It may be another one than that whose server is named: all databases of a server can be replaced.
    there = invocation.configured_at(parse_address(invocation.database.url).with_database(target).text)
    if there is not None:
        invocation.refuse_production_of(there, "replacing a database", named=production)


def _show_plan(invocation: Invocation, chosen: Manifest, how: str) -> None:
    from pgwright.pg import parse_address  # noqa: PLC0415

    if invocation.output.json:
        return
    place = parse_address(invocation.database.url).place
    invocation.output.remark(
        f"backup {chosen.id} of {chosen.finished_at:%Y-%m-%d %H:%M} UTC goes to {place}, {how}",
        level="plan",
    )


def _show(invocation: Invocation, done: Restored) -> None:
    out = invocation.output

    def render() -> None:
        out.line(
            f"restored {done.name}: {counted(done.tables, 'table')}, {counted(done.rows, 'row')} "
            f"as in the manifest, {duration(done.seconds)}"
        )
        if done.kept:
            out.line(
                f"the old database is kept as {done.kept}; when nothing needs it: DROP DATABASE {done.kept}"
            )
        for note in done.notes:
            out.remark(note)

    out.result(done, render)


def _pair(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise UsageError(f"--map-role {text} is not OLD=NEW", hint="write --map-role app=skycaster_app")
    return old, new
