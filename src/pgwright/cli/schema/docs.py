"""`pgwright schema docs` and `pgwright schema report`: what a schema is, for people to read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import Command, pass_invocation
from pgwright.cli.schema.output import change_facts
from pgwright.cli.schema.sources import selection_of, selection_options, source_of, workshop_of
from pgwright.errors import UsageError

if TYPE_CHECKING:
    from pgwright.diff.comparison import Comparison
    from pgwright.model.catalog import Catalog
    from pgwright.observe.docs.nouns import DataModel

_FORMATS = {".md": "md", ".markdown": "md", ".html": "html", ".htm": "html"}


@click.command("docs", cls=Command)
@click.argument("source", required=False)
@click.option(
    "-o",
    "--output",
    "path",
    type=click.Path(path_type=Path),
    help="The page to write. Default: docs/data_model.md, or .html. Pictures of a Markdown page go into the "
    "folder beside it that has its name.",
)
@click.option(
    "--format", "form", type=click.Choice(["md", "html"]), help="Default: by the ending of --output."
)
@click.option("--title", metavar="TEXT", help="What the model is called. Default: the project's name.")
@click.option(
    "--module",
    "modules",
    multiple=True,
    metavar="NAME=PATTERN",
    help="Put matching tables into a module: billing=public.invoice*. Others are grouped by their names.",
)
@click.option(
    "--no-sizes", is_flag=True, help="Leave sizes out, so that the page changes with the schema only."
)
@selection_options
@pass_invocation
def docs(
    invocation: Invocation,
    /,
    *,
    source: str | None,
    path: Path | None,
    form: str | None,
    title: str | None,
    modules: tuple[str, ...],
    no_sizes: bool,
    **chosen: Any,
) -> None:
    """Write the data model of SOURCE (default: the project's database) as a page with pictures.

    Example: pgwright schema docs models --output docs/data_model.md
    """
    from pgwright.observe.docs.write import write_html, write_markdown

    form = form or _FORMATS.get(path.suffix.lower() if path else ".md")
    if form is None:
        raise UsageError(
            f"{path} does not say whether it is Markdown or HTML", hint="add --format md or --format html"
        )
    spec = source_of(invocation, source) if source else invocation.database.url
    rules = tuple(_rule(text) for text in modules)
    model = _model(invocation, spec, chosen, title=title, rules=rules, sized=not no_sizes)
    page = path or Path("docs") / f"data_model.{form}"
    done = (write_html if form == "html" else write_markdown)(model, page)
    out = invocation.output

    def render() -> None:
        for verb, paths in (("wrote", done.written), ("removed", done.removed)):
            for each in paths:
                out.line(f"{verb} {each}")
        if not done.written and not done.removed:
            out.line(f"{page} is current")

    facts = {"written": done.written, "unchanged": done.unchanged, "removed": done.removed}
    counts = {"tables": len(model.tables), "modules": [m.name for m in model.modules]}
    out.result({"page": page, **counts, **facts}, render)


@click.command("report", cls=Command)
@click.argument("source", required=False)
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), help="Write here, not to stdout.")
@click.option("--against", metavar="SOURCE", help="Compare with this. Default: a database with the models.")
@click.option("--no-differences", is_flag=True, help="Do not compare with anything.")
@selection_options
@pass_invocation
def report(
    invocation: Invocation,
    /,
    *,
    source: str | None,
    path: Path | None,
    against: str | None,
    no_differences: bool,
    **chosen: Any,
) -> None:
    """Report on SOURCE (default: the project's database): what it holds, and how it differs from the models.

    Example: pgwright schema report --output schema_report.txt
    """
    from pgwright.observe.docs.report import counts_by_kind, report_text
    from pgwright.observe.docs.write import write_text
    from pgwright.pg.redact import safe_url
    from pgwright.sources.workshop import is_database

    if against and no_differences:
        raise UsageError("--against and --no-differences exclude each other", hint="leave one out")
    spec = source_of(invocation, source) if source else invocation.database.url
    catalog = _catalog(invocation, spec, chosen)
    live = is_database(spec)
    model = _model(invocation, spec, chosen, catalog=catalog)
    if against is None and live and invocation.project.models and not no_differences:
        against = "models"
    comparison = _against(invocation, spec, against, chosen) if against else None
    other = None
    if against:
        other = "the models" if against == "models" else safe_url(source_of(invocation, against))
    text = report_text(
        model, catalog, source=safe_url(spec) if live else spec, comparison=comparison, against=other
    )
    out = invocation.output
    facts: dict[str, Any] = {
        "digest": catalog.digest,
        "counts": counts_by_kind(catalog),
        "tables": model.tables,
    }
    if comparison is not None:
        facts["against"] = other
        facts["changes"] = change_facts(comparison.changes)
        facts["notes"] = comparison.notes
    facts["unhandled"] = [f"{u.what} {u.name}" for u in catalog.unhandled]
    if path is None:
        out.result(facts, lambda: out.line(text.rstrip("\n")))
    else:
        write_text(path, text)
        out.result({"file": path, **facts}, lambda: out.line(f"wrote {path}"))


def _catalog(invocation: Invocation, spec: str, chosen: dict[str, Any]) -> Catalog:
    from dataclasses import replace

    from pgwright.diff.comparison import declared
    from pgwright.model.selection import BOOKKEEPING

    selection = selection_of(chosen)
    # Where migration tools keep their place is no part of the model.
    selection = replace(selection, exclude=(*selection.exclude, *BOOKKEEPING))
    return declared(spec, workshop_of(invocation), selection)


def _model(
    invocation: Invocation,
    spec: str,
    chosen: dict[str, Any],
    *,
    catalog: Catalog | None = None,
    title: str | None = None,
    rules: tuple[tuple[str, str], ...] = (),
    sized: bool = True,
) -> DataModel:
    from pgwright.observe.docs.collect import data_model
    from pgwright.observe.docs.sizes import sizes
    from pgwright.pg import connect
    from pgwright.sources.workshop import is_database

    if catalog is None:
        catalog = _catalog(invocation, spec, chosen)
    taken = None
    if sized and is_database(spec):
        with connect(spec) as conn:
            taken = sizes(conn)
    return data_model(catalog, title=title or invocation.project.name, sizes=taken, rules=rules)


def _against(invocation: Invocation, spec: str, against: str, chosen: dict[str, Any]) -> Comparison:
    from pgwright.diff.comparison import compare_sources

    return compare_sources(
        spec,
        source_of(invocation, against),
        workshop=workshop_of(invocation),
        selection=selection_of(chosen),
    )


def _rule(text: str) -> tuple[str, str]:
    name, equals, pattern = text.partition("=")
    if not (name.strip() and equals and pattern.strip()):
        raise UsageError(
            f"--module {text!r} is not NAME=PATTERN",
            hint="write, for example, --module billing=public.invoice*",
        )
    return name.strip(), pattern.strip()
