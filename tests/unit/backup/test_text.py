"""What is read from pg_restore's lists and written into its SQL."""

from __future__ import annotations

from pgwright.backup.contents.archive import of_tables, parse
from pgwright.backup.repository.manifest import TableFacts
from pgwright.backup.restore.load import for_server, serious
from pgwright.backup.restore.rewriting import rewritten

_LISTING = """;
; Archive created at 2025-07-19
215; 1259 16390 TABLE public parent jo
3455; 0 0 COMMENT public TABLE parent jo
217; 1259 16400 TABLE public parents jo
216; 1259 16395 SEQUENCE public parent_id_seq jo
3456; 0 0 SEQUENCE OWNED BY public parent_id_seq jo
3310; 2604 16401 DEFAULT public parent id jo
3450; 0 16390 TABLE DATA public parent jo
3451; 0 16400 TABLE DATA public parents jo
3320; 2606 16405 CONSTRAINT public parent parent_pkey jo
3321; 1259 16406 INDEX public parent_name_idx jo
3322; 2606 16407 FK CONSTRAINT public parent parent_p_fkey jo
3460; 0 0 ACL public TABLE parent jo
"""


def test_the_lines_of_a_table() -> None:
    table = TableFacts(
        schema="public", name="parent", rows=1, indexes=("parent_name_idx",), sequences=("parent_id_seq",)
    )
    found = of_tables(parse(_LISTING), (table,))
    assert [entry.line.split(";")[0] for entry in found] == [
        "215", "3455", "216", "3456", "3310", "3450", "3320", "3321", "3322", "3460",
    ]  # fmt: skip
    assert [entry.kind for entry in found if entry.is_data] == ["TABLE DATA"]


def test_roles_are_mapped_in_statements_and_not_in_rows() -> None:
    given = (
        b"ALTER TABLE public.t OWNER TO app;\nGRANT SELECT ON TABLE public.t TO app;\n"
        b"COPY public.t (a) FROM stdin;\nALTER TABLE x OWNER TO app;\n\\.\n"
        b"ALTER TABLE public.u OWNER TO app2;\nREVOKE ALL ON TABLE public.t FROM app;"
    )
    # Cut anywhere, the outcome is the same.
    for size in (1, 7, 1000):
        pieces = [given[at : at + size] for at in range(0, len(given), size)]
        assert b"".join(rewritten(pieces, [("app", "New Role")])) == (
            b'ALTER TABLE public.t OWNER TO "New Role";\nGRANT SELECT ON TABLE public.t TO "New Role";\n'
            b"COPY public.t (a) FROM stdin;\nALTER TABLE x OWNER TO app;\n\\.\n"
            b'ALTER TABLE public.u OWNER TO app2;\nREVOKE ALL ON TABLE public.t FROM "New Role";'
        )


def test_the_setting_that_older_servers_lack() -> None:
    text = b"SET lock_timeout = 0;\nSET transaction_timeout = 0;\nSET x = 1;\n"
    assert b"".join(for_server([text[:30], text[30:]], 16)) == b"SET lock_timeout = 0;\n\nSET x = 1;\n"
    assert b"".join(for_server([text], 17)) == text


def test_what_pg_restore_says_is_weighed() -> None:
    harmless = (
        "pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "
        '"transaction_timeout"\nCommand was: SET transaction_timeout = 0;\n'
        "pg_restore: warning: errors ignored on restore: 1"
    )
    assert serious(harmless) == ""
    assert "no type" in serious(f"{harmless}\npg_restore: error: no type\nCommand was: CREATE")


def test_notes_of_the_server_are_left_out() -> None:
    given = b"CREATE TABLE t (a int);\nALTER TABLE ONLY public.t ALTER COLUMN a SET (pg_attver=24);\n"
    kept = b"ALTER TABLE ONLY public.t ALTER COLUMN a SET (n_distinct=5);\n"
    assert b"".join(rewritten([given, kept], [], notes=True)) == b"CREATE TABLE t (a int);\n" + kept
