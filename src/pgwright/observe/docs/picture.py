"""Entity-relationship pictures in SVG: one of each module, one of how modules refer to each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import quote

from pgwright.model.wording import counted
from pgwright.observe.docs.content import drawn_connections, module_anchor, table_anchor
from pgwright.observe.docs.layout import Box, Link, Route, place
from pgwright.observe.docs.nouns import ColumnDoc, DataModel, Module, Reference, TableDoc
from pgwright.observe.docs.svg import CHARACTER, Text, clip, curve, document, element, escaped, width_of
from pgwright.observe.docs.words import bytes_text, short_type

HEADER = 28.0
ROW = 19.0
PAD = 10.0
BADGE = 26.0
# Rows of a box: keys and references always, others while there is room.
ROWS = 14
_LONGEST_NAME = 36
_LONGEST_TYPE = 24


@dataclass(frozen=True, kw_only=True)
class Row:
    """Be one line of a box: a badge (PK, FK), a name, and a type on the right."""

    badge: str
    name: str
    type: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Be one box with its rows; a `faint` one stands for a table that another picture shows."""

    key: str
    heading: str
    rows: tuple[Row, ...]
    tip: str
    anchor: str
    faint: bool = False

    @property
    def width(self) -> float:
        """Return its width in pixels."""
        longest = max(
            (width_of(r.name) + 2 * CHARACTER * bool(r.type) + width_of(r.type) + BADGE for r in self.rows),
            default=0.0,
        )
        return round(max(width_of(self.heading), longest) + 2 * PAD)

    @property
    def height(self) -> float:
        """Return its height in pixels."""
        return HEADER + ROW * len(self.rows) + (4 if self.rows else 0)


def module_picture(model: DataModel, module: Module, *, linked: bool = False) -> str:
    """Return the picture of a module as SVG; `linked` makes boxes lead to the tables of the same page.

    Tables of other modules that are referred to from here are small, dashed boxes.
    """
    inside = {t.path for t in module.tables}
    figures = {t.path: _figure(t) for t in module.tables}
    links: list[Link] = []
    kinds: dict[str, Reference] = {}
    for table in module.tables:
        for reference in table.references:
            target = model.tables.get(reference.target)
            if target is None:
                continue
            if target.path not in inside:
                figures.setdefault(target.path, _elsewhere(target, model.module_of[target.path]))
            key = f"{table.path} {reference.name}"
            kinds[key] = reference
            links.append(
                Link(
                    key=key,
                    source=table.path,
                    target=target.path,
                    offset=_offset(figures[table.path], reference),
                    target_offset=HEADER / 2,
                )
            )
    title = f"{module.name}: {counted(len(module.tables), 'table')}"
    said = [f"{t.label}{_said_of(t, model)}" for t in module.tables]
    return _drawing(
        key=f"er-{module.slug}",
        title=title,
        description="; ".join(said),
        figures=figures,
        links=links,
        kinds=kinds,
        linked=linked,
    )


def overview_picture(model: DataModel, *, linked: bool = False) -> str:
    """Return the picture of the modules, a number on each line that stands for several keys."""
    between = drawn_connections(model)
    figures = {m.slug: _module_figure(m) for m in model.modules}
    names = {m.slug: m.name for m in model.modules}
    links = [
        Link(
            key=f"{count} {source} {target}",
            source=source,
            target=target,
            offset=HEADER + ROW / 2 + 2,
            target_offset=HEADER / 2,
        )
        for (source, target), count in between.items()
    ]
    said = [
        f"{names[source]} refers to {names[target]} {counted(count, 'time')}"
        for (source, target), count in between.items()
    ]
    title = f"{counted(len(model.modules), 'module')} of {model.title}"
    return _drawing(
        key="er-overview",
        title=title,
        description="; ".join(said),
        figures=figures,
        links=links,
        kinds={},
        linked=linked,
    )


def _figure(table: TableDoc) -> Figure:
    shown = _shown(table)
    rows = [
        Row(
            badge=_badge(table, c),
            name=clip(c.name, _LONGEST_NAME),
            type=clip(short_type(c.type) + ("" if c.not_null else "?"), _LONGEST_TYPE),
        )
        for c in shown
    ]
    hidden = len(table.columns) - len(shown)
    if hidden:
        rows.append(Row(badge="", name=f"… {hidden} more", type=""))
    tip = table.label if not table.comment else f"{table.label}: {table.comment}"
    return Figure(
        key=table.path,
        heading=clip(table.label, _LONGEST_NAME + 12),
        rows=tuple(rows),
        tip=tip,
        anchor=table_anchor(table),
    )


def _shown(table: TableDoc) -> list[ColumnDoc]:
    if len(table.columns) <= ROWS:
        return list(table.columns)
    keys = {*table.primary_key, *table.referring}
    room = max(0, ROWS - 1 - sum(c.name in keys for c in table.columns))
    others = [c.name for c in table.columns if c.name not in keys][:room]
    return [c for c in table.columns if c.name in keys or c.name in others]


def _badge(table: TableDoc, column: ColumnDoc) -> str:
    return "PK" if column.name in table.primary_key else "FK" if column.name in table.referring else ""


def _elsewhere(table: TableDoc, module: Module) -> Figure:
    return Figure(
        key=table.path,
        heading=clip(table.label, _LONGEST_NAME + 12),
        rows=(Row(badge="", name=f"in {clip(module.name, _LONGEST_NAME)}", type=""),),
        tip=f"{table.label}, in the picture of {module.name}",
        anchor=table_anchor(table),
        faint=True,
    )


def _module_figure(module: Module) -> Figure:
    total = sum(t.size.total_bytes for t in module.tables if t.size)
    sized = any(t.size for t in module.tables)
    text = counted(len(module.tables), "table") + (f", {bytes_text(total)}" if sized else "")
    return Figure(
        key=module.slug,
        heading=clip(module.name, _LONGEST_NAME + 12),
        rows=(Row(badge="", name=text, type=""),),
        tip=f"{module.name}: " + ", ".join(t.label for t in module.tables),
        anchor=module_anchor(module),
    )


def _offset(figure: Figure, reference: Reference) -> float:
    """Return how far below the box's upper edge the row of the reference's first column is."""
    first = clip(reference.columns[0], _LONGEST_NAME) if reference.columns else ""
    names = [row.name for row in figure.rows]
    return HEADER + ROW * (names.index(first) + 0.5) if first in names else HEADER / 2


def _said_of(table: TableDoc, model: DataModel) -> str:
    targets = sorted({model.tables[r.target].label for r in table.references if r.target in model.tables})
    return f" refers to {', '.join(targets)}" if targets else ""


def _drawing(
    *,
    key: str,
    title: str,
    description: str,
    figures: Mapping[str, Figure],
    links: list[Link],
    kinds: Mapping[str, Reference],
    linked: bool,
) -> str:
    boxes = [Box(key=f.key, width=f.width, height=f.height) for f in figures.values()]
    placement = place(boxes, links)
    parts: list[str] = []
    for route in placement.routes:
        parts += _line(route, kinds.get(route.key))
    for path, (x, y) in sorted(placement.corners.items()):
        parts += _box(figures[path], x, y, linked=linked)
    # Numbers come last, over boxes and lines, which run close together between many modules.
    if not kinds:
        for route in placement.routes:
            parts += _number(route)
    size = (placement.width, placement.height)
    return document(parts, key=key, title=title, description=description, size=size)


def _line(route: Route, reference: Reference | None) -> Iterator[str]:
    points = route.points
    yield element("path", {"class": "line", "d": curve(points)})
    (x, y), (nx, _) = points[0], points[1]
    way = 1 if nx > x else -1
    if reference is None:
        yield element("path", {"class": "line", "d": _arrow(points)})
        return
    if reference.unique:
        yield element("path", {"class": "line", "d": f"M{x + 8 * way:.1f} {y - 5:.1f}v10"})
    else:
        prongs = f"M{x:.1f} {y - 5:.1f}L{x + 10 * way:.1f} {y:.1f}L{x:.1f} {y + 5:.1f}"
        yield element("path", {"class": "line", "d": prongs})
    (ex, ey), (px, _) = points[-1], points[-2]
    back = 1 if px > ex else -1
    yield element("path", {"class": "line", "d": f"M{ex + 8 * back:.1f} {ey - 5:.1f}v10"})


def _arrow(points: tuple[tuple[float, float], ...]) -> str:
    (x, y), (px, _) = points[-1], points[-2]
    back = 8 if px > x else -8
    return f"M{x + back:.1f} {y - 4:.1f}L{x:.1f} {y:.1f}L{x + back:.1f} {y + 4:.1f}"


def _number(route: Route) -> Iterator[str]:
    """Yield how many foreign keys a line between modules stands for, near its beginning; none for one."""
    count = route.key.partition(" ")[0]
    if count == "1":
        return
    bends = [(a, b) for a, b in pairwise(route.points) if a[1] != b[1]]
    (x, y), (nx, ny) = bends[0] if bends else route.points[:2]
    at_x, at_y = x + (nx - x) * 0.3, y + (ny - y) * 0.22
    half = width_of(count) / 2 + 4
    where = {"x": f"{at_x - half:.1f}", "y": f"{at_y - 8:.1f}", "width": f"{2 * half:.1f}", "height": "16"}
    yield element("rect", {"class": "count", **where, "rx": "8"})
    yield Text(count, at_x, at_y + 4, "type middle").svg()


def _box(figure: Figure, x: float, y: float, *, linked: bool) -> Iterator[str]:
    width, height = figure.width, figure.height
    if linked:
        yield f'<a href="#{quote(figure.anchor, safe="-._~")}">'
    yield f"<g><title>{escaped(figure.tip)}</title>"
    frame = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "rx": "5"}
    faint = " faint" if figure.faint else ""
    yield element("rect", {"class": f"box{faint}", **frame, "height": f"{height:.1f}"})
    if not figure.faint:
        path = (
            f"M{x:.1f} {y + HEADER:.1f}v{5 - HEADER:.1f}q0 -5 5 -5h{width - 10:.1f}q5 0 5 5v{HEADER - 5:.1f}z"
        )
        yield element("path", {"class": "head", "d": path})
    yield Text(figure.heading, x + PAD, y + HEADER / 2 + 4.5, f"name{faint}").svg()
    for number, row in enumerate(figure.rows):
        line = y + HEADER + ROW * (number + 0.5) + 5
        if row.badge:
            yield Text(row.badge, x + PAD, line - 1, f"badge {row.badge.lower()}").svg()
        yield Text(
            row.name, x + PAD + (BADGE if row.type else 0), line, "column" if row.type else "type"
        ).svg()
        if row.type:
            yield Text(row.type, x + width - PAD, line, "type end").svg()
    yield "</g>"
    if linked:
        yield "</a>"
