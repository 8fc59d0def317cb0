"""An SQL file as pg_dump, pg_dumpall and their users leave it: what is not about its schema leads nowhere."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgwright.errors import SourceError
from pgwright.model.catalog import Catalog
from pgwright.server.scratch import scratch_database
from pgwright.sources.load import load_catalog
from pgwright.sources.workshop import Workshop
from tests.servers.running import Server

_NOISE = r"""
\restrict k3y
SET transaction_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
DROP DATABASE IF EXISTS "the shop";
CREATE DATABASE "the shop" WITH TEMPLATE = template0 ENCODING = 'UTF8';
ALTER DATABASE "the shop" OWNER TO nobody_has_this_role;
COMMENT ON DATABASE "the shop" IS 'sells; buys';
\unrestrict k3y
\connect -reuse-previous=on "dbname='the shop'"
\restrict k3y
REVOKE CONNECT,TEMPORARY ON DATABASE "the shop" FROM PUBLIC;
ALTER ROLE postgres WITH PASSWORD 'of; another server';
DROP ROLE IF EXISTS nobody_has_this_role;
CREATE ROLE nobody_has_this_role LOGIN PASSWORD 'half; a word';
CREATE TABLE public.item (id bigint NOT NULL, name text);
ALTER TABLE public.item OWNER TO nobody_has_this_role;
COPY public.item (id, name) FROM stdin;
1	one
2	\\connect elsewhere
\.
ALTER TABLE ONLY public.item ADD CONSTRAINT item_pkey PRIMARY KEY (id);
GRANT SELECT ON TABLE public.item TO PUBLIC;
\unrestrict k3y
"""


def _loaded(folder: Path, content: str | bytes) -> Catalog:
    path = folder / "schema.sql"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_catalog("file:schema.sql", Workshop(root=folder))


def test_what_pg_dump_says_about_the_database_leads_nowhere_else(tmp_path: Path) -> None:
    catalog = _loaded(tmp_path, _NOISE)
    assert {str(o.id) for o in catalog.of("table")} == {"table public.item"}
    assert {o.id.name.name for o in catalog.of("constraint")} == {"item_pkey"}
    assert {getattr(o, "role", None) for o in catalog.of("owner")} >= {"nobody_has_this_role"}
    # Neither was another database made, nor the password of the scratch server changed.
    with scratch_database() as place, psycopg.connect(place.url) as conn:
        made = conn.execute("SELECT FROM pg_database WHERE datname = 'the shop'").fetchone()
    assert made is None


def test_several_databases_in_one_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        _loaded(tmp_path, "\\connect template1\nCREATE TABLE a ();\n\\c shop app\nCREATE TABLE b ();\n")
    assert "several databases: shop, template1" in caught.value.message
    assert "pg_dump --schema-only" in (caught.value.hint or "")


@pytest.mark.parametrize(("content", "word"), [(b"PGDMP\x01\x10", "pg_restore"), (b"\x1f\x8b\x08", "gunzip")])
def test_what_is_not_sql_says_what_it_is(content: bytes, word: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        _loaded(tmp_path, content)
    assert word in (caught.value.hint or "")


def test_the_line_of_an_error_is_that_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="line 4: type"):
        _loaded(
            tmp_path, "CREATE DATABASE shop\n WITH ENCODING 'UTF8';\n\\c shop\nCREATE TABLE t (x nosuch);\n"
        )


def test_a_mistake_within_a_statement_is_named_by_its_own_line(tmp_path: Path) -> None:
    text = "CREATE TABLE s (id int);\n\nCREATE TABLE t (\n  id int,\n  x nosuch,\n  y int,\n  z int\n);\n"
    with pytest.raises(SourceError, match=r"schema\.sql does not load: line 5: type") as caught:
        _loaded(tmp_path, text)
    assert "mend line 5," in (caught.value.hint or "")
    # The caret stands under the word, also after what comes before the line.
    said = str(caught.value).splitlines()
    (shown,) = (i for i, line in enumerate(said) if line.startswith("detail: LINE 3:"))
    assert said[shown + 1].index("^") == said[shown].index("nosuch")
    (tmp_path / "part.sql").write_text("\nCREATE TABEL t ();\n")
    with pytest.raises(SourceError, match=r"load: \S+part\.sql, line 2: syntax error"):
        _loaded(tmp_path, "\\i part.sql\n")


def test_the_package_of_a_missing_extension_is_that_of_the_scratch_server(
    server_17: Server, tmp_path: Path
) -> None:
    with pytest.raises(SourceError) as caught:
        _loaded(tmp_path, "CREATE EXTENSION postgis;\n")
    assert "postgresql-18-postgis-3" in (caught.value.detail or "")
    with pytest.raises(SourceError) as caught:
        load_catalog("file:schema.sql", Workshop(root=tmp_path, scratch=server_17.url))
    assert "postgresql-17-postgis-3" in (caught.value.detail or "")
