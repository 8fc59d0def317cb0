"""The data-model page in Markdown, with the pictures in files beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from pgwright.observe.docs import content
from pgwright.observe.docs.content import Cell, Code, Grid, Inline, Jump, Number
from pgwright.observe.docs.nouns import DataModel, Definition, TableDoc

# What Markdown, or HTML inside it, would take for more than a character. Underscores inside words are safe.
_SPECIAL = re.compile(r"[\\`*\[\]<>|~&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def markdown(model: DataModel, *, pictures: str) -> str:
    """Return the page; `pictures` is the folder of the pictures, relative to the page."""
    return "\n".join(_lines(model, quote(pictures))) + "\n"


def _lines(model: DataModel, pictures: str) -> Iterator[str]:
    yield f"# Data model of {_plain(model.title)}\n"
    yield "<!-- Made by `pgwright schema docs`. Do not edit: change the schema and make it again. -->\n"
    yield f"{content.facts(model)}\n"
    if len(model.modules) > 1:
        yield f"![Modules and how they refer to each other]({pictures}/overview.svg)\n"
        if note := content.overview_note(model):
            yield f"{note}\n"
        yield from _grid(content.modules_grid(model))
    if model.modules:
        yield f"{content.LEGEND}\n"
    for module in model.modules:
        yield f'<a id="{_attribute(content.module_anchor(module))}"></a>\n'
        yield f"## {_plain(module.name)}\n"
        yield f"![Tables of {_plain(module.name)} and their foreign keys]({pictures}/{module.slug}.svg)\n"
        yield from _grid(content.tables_grid(model, module))
        for table in module.tables:
            yield from _table(model, table)
    yield from _rest(model)


def _table(model: DataModel, table: TableDoc) -> Iterator[str]:
    yield f'<a id="{_attribute(content.table_anchor(table))}"></a>\n'
    yield f"### {_plain(table.label)}\n"
    for said in content.about(model, table):
        yield f"{_cell(said)}\n"
    yield from _grid(content.columns_grid(model, table))
    for heading, parts in content.parts_of(table):
        yield f"**{heading}**\n"
        yield from _definitions(parts)


def _rest(model: DataModel) -> Iterator[str]:
    if model.views:
        yield "## Views\n"
    for view in model.views:
        yield f"### {_plain(view.name)}\n"
        if view.kind != "view" or view.comment:
            kind = "" if view.kind == "view" else f"A {view.kind}. "
            yield f"{kind}{_plain(view.comment or '')}".strip() + "\n"
        if view.columns:
            yield ", ".join(f"{_code(name)} {_plain(type)}" for name, type in view.columns) + "\n"
        yield _block(view.definition)
        yield from _definitions(view.indexes)
    if model.types:
        yield "## Types\n"
        yield from _grid(content.types_grid(model))
    if model.routines:
        yield "## Functions\n"
        yield from _grid(content.routines_grid(model))
    if model.extensions:
        yield "## Extensions\n"
        yield ", ".join(_code(name) for name in model.extensions) + "\n"
    if model.notes:
        yield "## Also there\n"
        yield from (f"- {_plain(note)}" for note in model.notes)
        yield ""


def _definitions(parts: Iterable[Definition]) -> Iterator[str]:
    found = list(parts)
    for part in found:
        said = f": {_plain(part.comment)}" if part.comment else ""
        yield f"- {_code(part.name)} {_code(part.text)}{said}"
    if found:
        yield ""


def _grid(grid: Grid) -> Iterator[str]:
    right = [any(isinstance(cell, Number) for cell in column) for column in zip(*grid.rows, strict=True)]
    yield f"| {' | '.join(grid.headings)} |"
    yield f"| {' | '.join('---:' if r else '---' for r in right)} |"
    for row in grid.rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"
    yield ""


def _cell(cell: Cell) -> str:
    parts: tuple[Inline, ...] = cell if isinstance(cell, tuple) else (cell,)
    return "".join(_inline(part) for part in parts)


def _inline(part: Inline) -> str:
    match part:
        case Code(text=text):
            return _code(text)
        case Jump(text=text, anchor=anchor):
            return f"[{_plain(text)}](#{quote(anchor, safe='-._~')})"
        case Number(text=text):
            return text
        case _:
            return _plain(part)


def _plain(text: str) -> str:
    """Return text as Markdown shows it literally, on one line."""
    line = re.sub(r"\s+", " ", text)
    return _SPECIAL.sub(lambda match: _ENTITIES.get(match[0], f"\\{match[0]}"), line)


def _code(text: str) -> str:
    """Return text in a code span that also stands in a table."""
    line = " ".join(text.split())
    if not line:
        return ""
    ticks = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line.replace('|', chr(92) + '|')}{pad}{ticks}"


def _block(text: str) -> str:
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence}sql\n{text.strip()}\n{fence}\n"


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
