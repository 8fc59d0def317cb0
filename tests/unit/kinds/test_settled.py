"""Deparsed text takes the form that it keeps."""

from __future__ import annotations

import pytest

from pgwright.kinds.settled import settled

PAIRS = [
    (
        "((s)::text = ANY ((ARRAY['a'::character varying, 'it''s'::character varying])::text[]))",
        "((s)::text = ANY (ARRAY[('a'::character varying)::text, ('it''s'::character varying)::text]))",
    ),
    (
        '((ARRAY[f(a, 1), NULL::x])::public."T y"[])',
        '(ARRAY[(f(a, 1))::public."T y", (NULL::x)::public."T y"])',
    ),
    ("(((a AND b) AND c) OR d)", "((a AND b AND c) OR d)"),
    ("((((a >= 1) AND (a <= 2)) AND b) AND c)", "((a >= 1) AND (a <= 2) AND b AND c)"),
    ("(((a OR b) AND c) AND d)", "((a OR b) AND c AND d)"),
    ('(VALUES (1, 2), (3, 4)) "*VALUES*"', '( VALUES (1, 2), (3, 4)) "*VALUES*"'),
    ("SELECT DISTINCT ON (a) NULL::integer AS int4, a", "SELECT DISTINCT ON (a) NULL::integer, a"),
    ("EXTRACT(Year FROM (EXTRACT(MONTH FROM A))::int)", "EXTRACT(year FROM (EXTRACT(month FROM A))::int)"),
]
ALREADY = [
    "(a AND (b AND c))",
    "((a AND b) OR c)",
    "((ARRAY[1, 2])::public.some_domain)",
    "((ARRAY[1, 2])[1] + 2)",
    "('((a AND b) AND c)'::text = x)",
    "(\"((a AND b) AND c)\" = E'(ARRAY[1])::text[] \\\\')",
    "sum(a) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)",
    "(( SELECT 1 WHERE (a AND b)) AND c)",
    "(EXTRACT(year FROM at) + EXTRACT())",
    "SELECT (f(a))[1]::text AS text, (ARRAY['a', 'b'])[1]::text AS text",
    "brackets ( that do not ] match ((a) AND b)",
]


@pytest.mark.parametrize(("text", "expected"), PAIRS)
def test_it_settles(text: str, expected: str) -> None:
    assert settled(text) == expected
    assert settled(expected) == expected


@pytest.mark.parametrize("text", ALREADY)
def test_the_rest_stays(text: str) -> None:
    assert settled(text) == text
