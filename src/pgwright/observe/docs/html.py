"""The data-model page in HTML: one file with its pictures and its style inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from urllib.parse import quote

from pgwright.observe.docs import content
from pgwright.observe.docs.content import Cell, Code, Grid, Inline, Jump, Number
from pgwright.observe.docs.nouns import DataModel, Definition, TableDoc
from pgwright.observe.docs.picture import module_picture, overview_picture

_STYLE = """
:root { color-scheme: light dark; --ink: #0f172a; --quiet: #475569; --page: #fff; --rule: #d5dce6;
  --soft: #f4f7fa; --link: #1a5fa8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf2; --quiet: #a3b1c6; --page: #0d1420;
  --rule: #2b3a50; --soft: #162032; --link: #7db6f0; } }
* { box-sizing: border-box; }
body { margin: 0; display: grid; grid-template-columns: 17rem minmax(0, 1fr); color: var(--ink);
  background: var(--page); font: 15px/1.5 system-ui, sans-serif; }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; background: var(--soft);
  border-right: 1px solid var(--rule); font-size: 13px; overflow-wrap: anywhere; }
nav ul { list-style: none; margin: 0; padding-left: .8rem; } nav > ul { padding: 0; }
nav summary { font-weight: 600; cursor: pointer; }
main { padding: 1rem 2rem 4rem; max-width: 90rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--rule); } h3 { margin-top: 2.2rem; }
h4 { margin: 1rem 0 .3rem; font-size: 1em; }
a { color: var(--link); } code, pre { font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; } pre { padding: .8rem; background: var(--soft); overflow: auto; }
.wide { overflow-x: auto; } figure { margin: 1rem 0; overflow-x: auto; } figure svg { max-width: none; }
table { border-collapse: collapse; } .number { text-align: right; }
th, td { padding: .25rem .7rem; border: 1px solid var(--rule); text-align: left; vertical-align: top; }
th { background: var(--soft); } .quiet { color: var(--quiet); }
:target { scroll-margin-top: 1rem; outline: 2px solid var(--link); outline-offset: 4px; }
@media (max-width: 60rem) { body { display: block; } nav { position: static; height: auto;
  max-height: 40vh; } }
@media print { body { display: block; } nav { display: none; } }
"""


def html(model: DataModel) -> str:
    """Return the page, which needs no other file."""
    return "\n".join(_lines(model)) + "\n"


def _lines(model: DataModel) -> Iterator[str]:
    title = f"Data model of {escape(model.title)}"
    yield "<!DOCTYPE html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="generator" content="pgwright schema docs">'
    yield f"<title>{title}</title><style>{_STYLE}</style></head><body>"
    yield from _navigation(model)
    yield f"<main><h1>{title}</h1><p>{content.facts(model)}</p>"
    if len(model.modules) > 1:
        yield f"<figure>{overview_picture(model, linked=True)}</figure>"
        if note := content.overview_note(model):
            yield f'<p class="quiet">{note}</p>'
        yield from _grid(content.modules_grid(model))
    if model.modules:
        yield f'<p class="quiet">{content.LEGEND}</p>'
    for module in model.modules:
        yield f'<section><h2 id="{escape(content.module_anchor(module))}">{escape(module.name)}</h2>'
        yield f"<figure>{module_picture(model, module, linked=True)}</figure>"
        yield from _grid(content.tables_grid(model, module))
        for table in module.tables:
            yield from _table(model, table)
        yield "</section>"
    yield from _rest(model)
    yield "</main></body></html>"


def _navigation(model: DataModel) -> Iterator[str]:
    yield '<nav aria-label="Tables">'
    for module in model.modules:
        opened = " open" if len(model.modules) <= 8 else ""
        yield f"<details{opened}><summary>{escape(module.name)}</summary><ul>"
        for table in module.tables:
            yield f"<li>{_inline(Jump(text=table.label, anchor=content.table_anchor(table)))}</li>"
        yield "</ul></details>"
    yield "</nav>"


def _table(model: DataModel, table: TableDoc) -> Iterator[str]:
    yield f'<h3 id="{escape(content.table_anchor(table))}">{escape(table.label)}</h3>'
    yield from (f"<p>{_cell(said)}</p>" for said in content.about(model, table))
    yield from _grid(content.columns_grid(model, table))
    for heading, parts in content.parts_of(table):
        yield f"<h4>{heading}</h4>"
        yield from _definitions(parts)


def _rest(model: DataModel) -> Iterator[str]:
    if model.views:
        yield "<h2>Views</h2>"
    for view in model.views:
        yield f"<h3>{escape(view.name)}</h3>"
        if view.kind != "view":
            yield f"<p>A {view.kind}.</p>"
        if view.comment:
            yield f"<p>{escape(view.comment)}</p>"
        if view.columns:
            shown = (f"<code>{escape(name)}</code> {escape(type)}" for name, type in view.columns)
            yield f"<p>{', '.join(shown)}</p>"
        yield f"<pre>{escape(view.definition.strip())}</pre>"
        yield from _definitions(view.indexes)
    if model.types:
        yield "<h2>Types</h2>"
        yield from _grid(content.types_grid(model))
    if model.routines:
        yield "<h2>Functions</h2>"
        yield from _grid(content.routines_grid(model))
    if model.extensions:
        yield f"<h2>Extensions</h2><p>{', '.join(f'<code>{escape(e)}</code>' for e in model.extensions)}</p>"
    if model.notes:
        yield "<h2>Also there</h2><ul>"
        yield from (f"<li>{escape(note)}</li>" for note in model.notes)
        yield "</ul>"


def _definitions(parts: Iterable[Definition]) -> Iterator[str]:
    items = [
        f"<li><code>{escape(p.name)}</code> <code>{escape(p.text)}</code>"
        + (f": {escape(p.comment)}" if p.comment else "")
        + "</li>"
        for p in parts
    ]
    if items:
        yield "<ul>" + "".join(items) + "</ul>"


def _grid(grid: Grid) -> Iterator[str]:
    yield '<div class="wide"><table><thead><tr>'
    yield "".join(f'<th scope="col">{escape(heading)}</th>' for heading in grid.headings)
    yield "</tr></thead><tbody>"
    for row in grid.rows:
        cells = (
            f'<td class="number">{_cell(c)}</td>' if isinstance(c, Number) else f"<td>{_cell(c)}</td>"
            for c in row
        )
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"


def _cell(cell: Cell) -> str:
    parts: tuple[Inline, ...] = cell if isinstance(cell, tuple) else (cell,)
    return "".join(_inline(part) for part in parts)


def _inline(part: Inline) -> str:
    match part:
        case Code(text=text):
            return f"<code>{escape(text)}</code>"
        case Jump(text=text, anchor=anchor):
            return f'<a href="#{quote(anchor, safe="-._~")}">{escape(text)}</a>'
        case Number(text=text):
            return text
        case _:
            return escape(part)
