"""The drawing of a schema from its pieces."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from tests.integration.diff.pieces import PIECES, Piece

_NEEDS = re.compile(r"\{(\w[\w.]*)\}")

# What a piece is called in other pieces, where that is not its own name.
_CALLED = {
    "item.key": "item_key",
    "item.both": "both_ones",
    "item.text": "body",
    "event.key": "at",
    "event_range": "event",
    "event_list": "event",
    "event_hash": "event",
    "item.primary": "item_key",
}


@st.composite
def pieced_schemas(draw: st.DrawFn) -> str:
    """Draw the SQL of a schema in which some pieces of every kind are there."""
    called: dict[str, str] = {}
    statements = []
    for piece in PIECES:
        text = _written(draw, piece, called)
        if text is not None:
            statements.append(text)
    return "\n".join(statements)


def _written(draw: st.DrawFn, piece: Piece, called: dict[str, str]) -> str | None:
    ways = [way for way in piece.ways if set(_NEEDS.findall(way)) <= called.keys()]
    # What much else stands on is rarely absent, and what all else stands on never.
    chance = 9 if piece.lines else 4
    if not ways or (not piece.name.endswith((".id", ".at")) and draw(st.integers(0, chance)) == 0):
        return None
    way = draw(st.sampled_from(ways))
    if not piece.lines:
        text = _NEEDS.sub(lambda match: called[match[1]], way)
    else:
        lines = (_written(draw, line, called) for line in piece.lines)
        text = way.replace("{}", ", ".join(line for line in lines if line is not None))
    called[piece.name] = _CALLED.get(piece.name, piece.name.rpartition(".")[2])
    _refine(piece, way, called)
    return text


def _refine(piece: Piece, way: str, called: dict[str, str]) -> None:
    """Name what a way of writing makes possible beyond the piece itself."""
    found = re.search(r"PARTITION BY (RANGE|LIST|HASH)", way)
    if piece.name == "event" and found:
        further = f"event_{found[1].lower()}"
        called[further] = _CALLED[further]
    if piece.name == "item.key" and "PRIMARY" in way:
        called["item.primary"] = _CALLED["item.primary"]
