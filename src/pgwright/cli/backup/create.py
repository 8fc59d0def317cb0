"""`pgwright backup create`."""

from __future__ import annotations

import click

from pgwright.cli.backup import engine as backup_engine
from pgwright.cli.backup.repository import (
    engine_option,
    is_theirs,
    only_theirs,
    repository_of,
    repository_options,
    says,
)
from pgwright.cli.backup.show import print_made
from pgwright.cli.context import Invocation
from pgwright.cli.group import Command, pass_invocation


@click.command("create", cls=Command)
@click.option(
    "--format",
    "form",
    type=click.Choice(["custom", "parallel", "plain"]),
    help="custom: one archive of pg_dump; parallel: several, dumped with --jobs; plain: SQL. "
    "Default: that of [backup], else custom.",
)
@click.option("-j", "--jobs", type=click.IntRange(1, 64), help="Streams at a time, for --format parallel.")
@click.option("-t", "--table", "tables", multiple=True, metavar="NAME", help="Only this table; repeatable.")
@click.option(
    "--group", "groups", multiple=True, metavar="NAME", help="Only the tables of this [groups] entry."
)
@click.option("--schema-only", is_flag=True, help="Leave the rows out.")
@click.option("--data-only", is_flag=True, help="Leave the definitions out.")
@click.option(
    "--compress", metavar="zstd[:LEVEL]|none", default="zstd", show_default=True, help="Compression."
)
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="KEY",
    help="Encrypt for age1..., ssh-ed25519 ..., gpg:KEY, or 'passphrase'; repeatable. Default: [backup].",
    callback=says,
    expose_value=False,
)
@click.option("--no-roles", is_flag=True, help="Leave the server's roles and tablespaces out.")
@click.option("--role-passwords", is_flag=True, help="Include password hashes of roles; needs encryption.")
@click.option(
    "--physical", is_flag=True, help="Copy the files of the whole server, for recovery to a moment."
)
@click.option(
    "--incremental", is_flag=True, help="As --physical, but only what changed since the last (17+)."
)
@click.option(
    "--differential", is_flag=True, help="With --engine pgbackrest: what changed since the last full one."
)
@click.option(
    "--checksums", is_flag=True, help="Keep checksums of all contents too, to compare restores with."
)
@click.option("--label", metavar="TEXT", help="A remark to find it by.")
@engine_option
@repository_options
@pass_invocation
def create(
    invocation: Invocation,
    /,
    *,
    form: str | None,
    jobs: int | None,
    tables: tuple[str, ...],
    groups: tuple[str, ...],
    schema_only: bool,
    data_only: bool,
    compress: str,
    no_roles: bool,
    role_passwords: bool,
    physical: bool,
    incremental: bool,
    differential: bool,
    checksums: bool,
    label: str | None,
) -> None:
    """Back up the database into the repository, with rows counted in the same snapshot.

    The dump is compressed, encrypted and stored as it comes; nothing lands on this machine's disk unless
    the repository is a folder of it.

    Example: pgwright backup create --group configuration --recipient age1...
    """
    from pgwright.backup.create.logical import DumpOptions, create_dump, resolve_groups  # noqa: PLC0415
    from pgwright.backup.repository.manifest import Content  # noqa: PLC0415
    from pgwright.cli.progress import bars  # noqa: PLC0415
    from pgwright.errors import UsageError  # noqa: PLC0415

    if schema_only and data_only:
        raise UsageError("--schema-only and --data-only leave nothing", hint="choose one of them")
    theirs = is_theirs(invocation)
    if differential and not theirs:
        raise UsageError(
            "differential backups are pgbackrest's", hint="use --incremental, or add --engine pgbackrest"
        )
    is_physical = physical or incremental or differential or only_theirs(invocation)
    if is_physical and any((form, tables, groups, schema_only, data_only, checksums, role_passwords)):
        raise UsageError(
            "a physical backup holds the whole server as it is",
            hint="leave the options about tables, contents and formats out",
        )
    if is_physical and theirs:
        kind = "incr" if incremental else "diff" if differential else "full"
        backup_engine.create(invocation, kind=kind, label=label)
        return
    configured = invocation.project.backup
    found = repository_of(invocation)
    invocation.state_left = "the repository is as before; the next backup clears the unfinished one away"
    if is_physical:
        from pgwright.backup.create.base import create_base  # noqa: PLC0415

        with bars(invocation.output) as shown:
            made = create_base(
                found,
                invocation.database.url,
                incremental=incremental,
                level=_level(compress),
                label=label,
                progress=shown.update,
            )
        print_made(invocation, made, found.url)
        return
    options = DumpOptions(
        form=form or ("parallel" if jobs else configured.form),
        content=Content.SCHEMA if schema_only else Content.DATA if data_only else Content.ALL,
        tables=(*tables, *resolve_groups(groups, dict(invocation.project.groups))),
        jobs=jobs or configured.jobs,
        level=_level(compress),
        roles=not no_roles and not tables and not groups and not data_only,
        role_passwords=role_passwords,
        checksums=checksums,
        label=label,
    )
    with bars(invocation.output) as shown:
        made = create_dump(found, invocation.database.url, options, progress=shown.update)
    print_made(invocation, made, found.url)


def _level(text: str) -> int | None:
    from pgwright.backup.repository.streams import LEVEL  # noqa: PLC0415
    from pgwright.errors import UsageError  # noqa: PLC0415

    name, _, level = text.partition(":")
    if name == "zstd" and level.isdigit() and 1 <= int(level) <= 19:
        return int(level)
    if text not in ("zstd", "none"):
        raise UsageError(f"--compress {text} is not known", hint="write zstd, zstd:1 to zstd:19, or none")
    return LEVEL if text == "zstd" else None
