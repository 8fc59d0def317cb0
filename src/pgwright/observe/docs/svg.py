"""Write SVG: self-contained, in light and dark, with words for those who do not see it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

MARK = "<!-- made by pgwright schema docs -->"
MARGIN = 18.0
# The widest of the usual monospaced fonts at 12 pixels.
CHARACTER = 7.3

# What XML cannot hold even as a reference.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_LIGHT = {
    "page": "#ffffff",
    "box": "#f8fafc",
    "edge": "#64748b",
    "head": "#1e4e79",
    "title": "#ffffff",
    "text": "#0f172a",
    "quiet": "#475569",
    "key": "#9a3412",
    "line": "#64748b",
}
_DARK = {
    "page": "#0d1420",
    "box": "#162032",
    "edge": "#7d8ca3",
    "head": "#27598a",
    "title": "#ffffff",
    "text": "#e6ebf2",
    "quiet": "#a3b1c6",
    "key": "#fdba74",
    "line": "#8fa0b8",
}


class Text(NamedTuple):
    """Be a line of text at a point on its base line, with the classes of its style."""

    text: str
    x: float
    y: float
    style: str

    def svg(self) -> str:
        """Return the element."""
        where = f'class="{self.style}" x="{self.x:.1f}" y="{self.y:.1f}"'
        return f"<text {where}>{escaped(self.text)}</text>"


def document(
    parts: Iterable[str], *, key: str, title: str, description: str, size: tuple[float, float]
) -> str:
    """Return a whole picture of that inner size in pixels, named `title` and told as `description`."""
    total_x, total_y = (round(side + 2 * MARGIN) for side in size)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total_x}" height="{total_y}" '
        f'viewBox="0 0 {total_x} {total_y}" role="img" class="er" '
        f'aria-labelledby="{key}-title {key}-desc">'
    )
    lines = [
        head,
        MARK,
        f'<title id="{key}-title">{escaped(title)}</title>',
        f'<desc id="{key}-desc">{escaped(description or title)}</desc>',
        f"<style>{_style()}</style>",
        f'<rect class="page" width="{total_x}" height="{total_y}"/>',
        f'<g transform="translate({MARGIN:.0f} {MARGIN:.0f})">',
        *parts,
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def element(name: str, attributes: Mapping[str, str]) -> str:
    """Return an empty element."""
    return f"<{name} {' '.join(f'{k}={quoteattr(v)}' for k, v in attributes.items())}/>"


def escaped(text: str) -> str:
    """Return text for an element or an attribute in double quotes, without what XML cannot hold."""
    return escape(_FORBIDDEN.sub("\ufffd", text), {'"': "&quot;"})


def width_of(text: str) -> float:
    """Return how wide a text is at most, in pixels."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return CHARACTER * (len(text) + wide)


def clip(text: str, longest: int) -> str:
    """Return the text on one line, shortened in the middle where it is longer than that."""
    text = " ".join(text.split()) or text
    if len(text) <= longest:
        return text
    half = (longest - 1) // 2
    return f"{text[: longest - 1 - half]}…{text[-half:]}"


def curve(points: Sequence[tuple[float, float]]) -> str:
    """Return a path through the points that leaves and enters each of them level."""
    x, y = points[0]
    path = [f"M{x:.1f} {y:.1f}"]
    for nx, ny in points[1:]:
        if ny == y:
            path.append(f"H{nx:.1f}")
        elif nx == x:
            # Back to where it came from: a loop on the right.
            path.append(f"C{x + 18:.1f} {y:.1f} {x + 18:.1f} {ny:.1f} {nx:.1f} {ny:.1f}")
        else:
            middle = (x + nx) / 2
            path.append(f"C{middle:.1f} {y:.1f} {middle:.1f} {ny:.1f} {nx:.1f} {ny:.1f}")
        x, y = nx, ny
    return "".join(path)


def _style() -> str:
    dark = _colours(_DARK)
    return (
        '.er text{font:12px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}'
        ".er .name{font-weight:bold}.er .end{text-anchor:end}.er .middle{text-anchor:middle}"
        ".er .badge{font-size:10px;font-weight:bold}"
        ".er .line{fill:none;stroke-width:1.3}.er .count{stroke-width:1.3}"
        ".er .box{stroke-width:1}.er .box.faint{stroke-dasharray:4 3}"
        f"{_colours(_LIGHT)}@media (prefers-color-scheme:dark){{{dark}}}"
    )


def _colours(c: Mapping[str, str]) -> str:
    return (
        f".er .page{{fill:{c['page']}}}.er .box{{fill:{c['box']};stroke:{c['edge']}}}"
        f".er .head{{fill:{c['head']}}}.er .name{{fill:{c['title']}}}"
        f".er .column,.er .name.faint{{fill:{c['text']}}}.er .type,.er .fk{{fill:{c['quiet']}}}"
        f".er .pk{{fill:{c['key']}}}.er .line{{stroke:{c['line']}}}"
        f".er .count{{fill:{c['page']};stroke:{c['line']}}}"
    )
