"""`pgwright schema docs`: pages whose links lead somewhere and whose pictures can be read."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import psycopg
import pytest

from tests.conftest import MakeDatabase
from tests.integration.schema.command import pgwright
from tests.servers.running import Server

SHOP = """
CREATE SCHEMA crm;
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE shop_customer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mail email NOT NULL UNIQUE, mood mood,
    full_name text GENERATED ALWAYS AS (upper(mail)) STORED, parent bigint REFERENCES shop_customer);
CREATE TABLE shop_order (
    id bigint PRIMARY KEY, customer bigint NOT NULL REFERENCES shop_customer ON DELETE CASCADE,
    placed timestamp(3) with time zone NOT NULL DEFAULT now(), total numeric(10,2) CHECK (total >= 0));
CREATE INDEX order_by_day ON shop_order (placed DESC) WHERE total > 0;
CREATE TABLE stock_item (code text PRIMARY KEY, last_order bigint UNIQUE REFERENCES shop_order);
CREATE TABLE stock_move (item text REFERENCES stock_item, at date NOT NULL, PRIMARY KEY (item, at))
    PARTITION BY RANGE (at);
CREATE TABLE stock_move_2024 PARTITION OF stock_move FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE crm."note|`<b>x" ("a ""quoted"" column" text, customer bigint REFERENCES public.shop_customer);
CREATE VIEW happy AS SELECT id, mail FROM shop_customer WHERE mood = 'happy';
CREATE MATERIALIZED VIEW totals AS SELECT customer, sum(total) AS total FROM shop_order GROUP BY customer;
CREATE FUNCTION twice(x integer) RETURNS integer LANGUAGE sql AS 'SELECT x * 2';
COMMENT ON TABLE shop_order IS E'Orders | of *all* kinds <script>alert(1)</script>\\n# not a heading';
COMMENT ON COLUMN shop_order.total IS 'with tax `net`';
INSERT INTO shop_customer (mail) SELECT i || '@x' FROM generate_series(1, 500) i;
ANALYZE shop_customer;
"""


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.ids: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "href" and value:
                self.targets.add(unquote(value.removeprefix("#")))
            elif name == "id" and value:
                self.ids.append(value)


@pytest.fixture
def shop(database: str) -> str:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(SHOP.encode())
    return database


def docs(folder: Path, url: str, *words: str) -> str:
    done = pgwright("schema", "docs", *words, folder=folder, DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    return done.stdout


def svg_of(path: Path) -> ET.Element:
    root = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - our own file
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    return root


def words_in(root: ET.Element) -> set[str]:
    return {e.text or "" for e in root.iter("{http://www.w3.org/2000/svg}text")}


def test_markdown_page_with_pictures(shop: str, tmp_path: Path) -> None:
    docs(tmp_path, shop, "--output", "docs/model.md", "--title", "the shop")
    page = (tmp_path / "docs/model.md").read_text(encoding="utf-8")
    assert "# Data model of the shop\n" in page
    assert {p.name for p in (tmp_path / "docs/model").iterdir()} == {
        "overview.svg", "crm.svg", "public-shop.svg", "public-stock.svg"
    }  # fmt: skip
    for image in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page):
        svg_of(tmp_path / "docs" / image)
    anchors = set(re.findall(r'<a id="([^"]+)"></a>', page))
    jumps = {unquote(j) for j in re.findall(r"\]\(#([^)]+)\)", page)}
    assert jumps
    assert {j.replace("<", "&lt;") for j in jumps} <= anchors
    for said in (
        "| `total` | `numeric(10,2)` | yes |  |  | with tax ``net`` |".replace("``net``", "\\`net\\`"),
        "`generated: upper((mail)::text)`",
        "| [public.shop_customer](#table-public.shop_customer) |",
        "- `order_by_day` `USING btree (placed DESC) WHERE (total > (0)::numeric)`",
        "partitioned by RANGE (at).",
        "about 500 rows",
        "| `public.mood` | enum | `happy, sad` |",
        "| `public.email` | domain |",
        "function returns integer, sql",
        "A materialized view.",
        "&lt;script&gt;",
    ):
        assert said in page, said
    assert "stock_move_2024" not in page
    assert "<script" not in page
    assert "\n# not a heading" not in page


def test_pictures_are_told_in_words_and_show_keys(shop: str, tmp_path: Path) -> None:
    docs(tmp_path, shop, "-o", "model.md")
    root = svg_of(tmp_path / "model/public-shop.svg")
    names = {child.tag.rpartition("}")[2]: child.text for child in root if child.text}
    assert names["title"] == "public: shop: 2 tables"
    assert "public.shop_order refers to public.shop_customer" in (names["desc"] or "")
    labelled = (root.get("aria-labelledby") or "").split()
    assert {e.get("id") for e in root.iter() if e.get("id")} == set(labelled)
    assert {"PK", "FK", "public.shop_order", "timestamptz(3)", "mood?"} <= words_in(root)
    assert "prefers-color-scheme:dark" in (tmp_path / "model/public-shop.svg").read_text()
    elsewhere = svg_of(tmp_path / "model/crm.svg")
    assert "in public: shop" in words_in(elsewhere)


def test_html_page_is_one_file_whose_links_lead_somewhere(shop: str, tmp_path: Path) -> None:
    docs(tmp_path, shop, "-o", "model.html")
    assert [p.name for p in tmp_path.iterdir()] == ["model.html"]
    page = (tmp_path / "model.html").read_text(encoding="utf-8")
    found = Links()
    found.feed(page)
    assert found.targets <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    assert "script" not in found.tags
    assert not re.search(r"""(?:src|href)=["']?https?:""", page)
    assert page.count("<svg") == 4


def test_made_again_it_is_the_same_and_nothing_is_written(shop: str, tmp_path: Path) -> None:
    docs(tmp_path, shop, "-o", "model.md")
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in tmp_path.rglob("*") if p.is_file()}
    assert docs(tmp_path, shop, "-o", "model.md") == "model.md is current\n"
    assert before == {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in tmp_path.rglob("*") if p.is_file()}


def test_pictures_of_modules_that_are_gone_go_and_those_of_others_stay(shop: str, tmp_path: Path) -> None:
    docs(tmp_path, shop, "-o", "model.md")
    own = tmp_path / "model/drawn-by-hand.svg"
    own.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    with psycopg.connect(shop, autocommit=True) as conn:
        conn.execute("DROP SCHEMA crm CASCADE")
    said = docs(tmp_path, shop, "-o", "model.md")
    assert "removed model/crm.svg" in said
    assert own.exists()
    # One schema is left, so its name no longer stands before the modules.
    assert (tmp_path / "model/shop.svg").exists()


def test_modules_by_pattern_and_json(shop: str, tmp_path: Path) -> None:
    done = docs(tmp_path, shop, "-o", "m.md", "--module", "sales=public.shop_*", "--no-sizes", "--json")
    facts = json.loads(done)
    assert facts["modules"] == ["crm", "public", "sales"]
    assert facts["tables"] == 5
    page = (tmp_path / "m.md").read_text(encoding="utf-8")
    assert " kB" not in page
    assert "rows (estimate)" not in page


def test_a_large_schema_has_pictures_of_bounded_size(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as conn, conn.transaction():
        for i in range(400):
            parents = [f"p{k} bigint REFERENCES t{k}x" for k in {i // 3, i - 1, 0} if 0 <= k < i]
            columns = ["id bigint PRIMARY KEY", *parents, *(f"c{n} text" for n in range(i % 25))]
            conn.execute(f"CREATE TABLE t{i}x ({', '.join(columns)})".encode())
    done = json.loads(docs(tmp_path, database, "-o", "model.md", "--json"))
    pictures = sorted((tmp_path / "model").iterdir())
    assert len(pictures) == len(done["modules"]) + 1
    assert 400 / 24 <= len(done["modules"]) <= 60
    shown: set[str] = set()
    for picture in pictures:
        root = svg_of(picture)
        assert float(root.get("width") or 0) < 5000, picture
        assert float(root.get("height") or 0) < 4000, picture
        if picture.name != "overview.svg":
            shown |= words_in(root)
    assert {f"t{i}x" for i in range(400)} <= shown


def test_an_empty_database_has_a_page_as_well(database: str, tmp_path: Path) -> None:
    docs(tmp_path, database, "-o", "model.md")
    assert "0 tables in 0 modules" in (tmp_path / "model.md").read_text()


def test_every_version_gives_the_same_page(
    each_server: Server, make_database: MakeDatabase, tmp_path: Path
) -> None:
    url = make_database(each_server)
    (tmp_path / "a.sql").write_text(
        "CREATE TABLE a (id bigint PRIMARY KEY); CREATE TABLE b (id bigint REFERENCES a, v text DEFAULT 'x');"
    )
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute((tmp_path / "a.sql").read_bytes())
    docs(tmp_path, url, "-o", "live/model.md", "--title", "t", "--no-sizes")
    docs(tmp_path, url, "a.sql", "-o", "file/model.md", "--title", "t")
    for name in ("model.md", "model/public.svg"):
        assert (tmp_path / "live" / name).read_bytes() == (tmp_path / "file" / name).read_bytes()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["-o", "taken/model.md"], 4, "error[PW103]: cannot write taken/model"),
        (["-o", "model.pdf"], 2, "does not say whether it is Markdown or HTML"),
        (["--module", "sales"], 2, "is not NAME=PATTERN"),
        (["nosuch:thing", "-o", "m.md"], 2, "unknown source 'nosuch:thing'"),
        (["django:", "-o", "m.md"], 2, "the source django: does not say which"),
        (["sqlalchemy:nosuch:Base", "-o", "m.md"], 4, "No module named 'nosuch'"),
        (["models", "-o", "m.md"], 2, "this project names no models"),
        (["file:nosuch.sql", "-o", "m.md"], 2, "nosuch.sql"),
    ],
)
def test_bad_input(database: str, tmp_path: Path, words: list[str], code: int, says: str) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE t (id int)")
    done = pgwright("schema", "docs", *words, folder=tmp_path, DATABASE_URL=database)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]
    assert (tmp_path / "taken").read_text() == "a file where the folder should be"
