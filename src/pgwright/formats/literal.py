"""Turn JSON values into the text that PostgreSQL's types read."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pgwright.formats.shape import SCALAR, Shape

_decoder = msgspec.json.Decoder(str)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_null = b"null"


def from_json(raw: bytes, shape: Shape) -> str | None:
    """Return the text of one JSON value for a column of that shape, None for null.

    Numbers keep their digits as they stand. An array or composite may also be given as a text that holds
    PostgreSQL's own form. Raises `ValueError` for a value that the shape has no place for.
    """
    raw = raw.strip()
    if raw == _null:
        return None
    if shape.kind == "json":
        return raw.decode()
    first = raw[:1]
    if first == b'"':
        return _decoder.decode(raw)
    if first == b"[" and shape.kind == "array":
        return _array(raw, shape.element or SCALAR)
    if first == b"{" and shape.kind == "composite":
        return _composite(raw, shape.fields or {})
    # An object or list for any other type goes as it stands: the type's own reader (hstore's, say) decides.
    return raw.decode()


def _array(raw: bytes, element: Shape) -> str:
    texts = []
    for item in _list.decode(raw):
        inner = bytes(item).strip()
        if inner[:1] == b"[" and element.kind != "json":
            texts.append(_array(inner, element))
        else:
            text = from_json(inner, element)
            texts.append("NULL" if text is None else '"' + _escaped(text) + '"')
    return "{" + ",".join(texts) + "}"


def _composite(raw: bytes, fields: Mapping[str, Shape]) -> str:
    values = _object.decode(raw)
    if unknown := set(values) - set(fields):
        raise ValueError(f"unknown field {min(unknown)!r}; there are: {', '.join(fields)}")
    texts = (
        None if name not in values else from_json(bytes(values[name]), shape)
        for name, shape in fields.items()
    )
    return "(" + ",".join("" if text is None else '"' + _escaped(text) + '"' for text in texts) + ")"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
