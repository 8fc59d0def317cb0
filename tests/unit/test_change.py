"""What a difference looks like to people: short, and where the two sides part."""

from __future__ import annotations

from pgwright.kinds.domain import Domain, DomainCheck
from pgwright.kinds.operator_family import OperatorFamily
from pgwright.kinds.operator_members import Member
from pgwright.kinds.view import View
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change, Op
from pgwright.model.names import ObjectId, QualifiedName


def shown(before: CatalogObject, after: CatalogObject, field: str) -> str:
    change = Change(op=Op.ALTER, id=before.id, before=before, after=after, fields=(field,))
    return str(change).partition("(")[2].removesuffix(")")


def id_of(kind: str) -> ObjectId:
    return ObjectId(kind, QualifiedName("public", "x"))


def test_long_texts_are_shown_from_where_they_differ() -> None:
    text = "SELECT " + ", ".join(f"column_{i}" for i in range(30))
    one, other = (
        View(id=id_of("view"), definition=f"{text}\n   FROM {t}", columns=()) for t in ("one", "another")
    )
    assert shown(one, other, "definition") == (
        "definition: ..._28, column_29 FROM one -> ..._28, column_29 FROM another"
    )


def test_of_lists_only_what_differs_is_shown() -> None:
    stays = DomainCheck(name="stays", definition="CHECK (VALUE > 0)")
    late = DomainCheck(name="late", definition="CHECK (VALUE < 9)", validated=False)
    one = Domain(id=id_of("domain"), base="integer", checks=(stays,))
    other = Domain(id=id_of("domain"), base="integer", checks=(stays, late))
    assert shown(one, other, "checks") == "checks: none -> late CHECK (VALUE < 9) not validated"


def test_nouns_say_themselves_what_they_are() -> None:
    one = OperatorFamily(id=id_of("operator_family"), method="btree")
    member = Member(slot="FUNCTION 1 (integer)", clause="FUNCTION 1 cmp(integer)")
    other = OperatorFamily(id=id_of("operator_family"), method="btree", members=(member,))
    assert shown(one, other, "members") == "members: none -> FUNCTION 1 cmp(integer)"
