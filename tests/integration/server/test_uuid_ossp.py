"""The extension uuid-ossp on the embedded server, without the library of its original."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from pgwright.server import scratch_database
from pgwright.server.uuid_ossp import lacks_portable, make_portable

_GREGORIAN = datetime(1582, 10, 15)


def test_values_are_those_of_the_standard() -> None:
    with scratch_database() as place, psycopg.connect(place.url, autocommit=True) as conn:
        conn.execute('CREATE SCHEMA x; CREATE EXTENSION "uuid-ossp" SCHEMA x')
        # One block of SHA-1 holds 39 bytes of a name beside its space and padding.
        for name in ("", "www.example.com", "ü" * 55, "a" * 39, "a" * 40, "a" * 48, "x" * 500):
            query = b"SELECT x.uuid_generate_v5(x.uuid_ns_url(), %s), x.uuid_generate_v3(x.uuid_ns_dns(), %s)"
            row = conn.execute(query, (name, name)).fetchone()
            assert row == (uuid.uuid5(uuid.NAMESPACE_URL, name), uuid.uuid3(uuid.NAMESPACE_DNS, name))
        row = conn.execute(
            "SELECT x.uuid_generate_v1(), x.uuid_generate_v1mc(), x.uuid_generate_v4(), x.uuid_nil()"
        ).fetchone()
    assert row is not None
    timed, multicast, random, nil = row
    assert (timed.version, multicast.version, random.version, nil.int) == (1, 1, 4, 0)
    for value in (timed, multicast):
        made = _GREGORIAN + timedelta(microseconds=value.time // 10)
        assert abs(made - datetime.now(UTC).replace(tzinfo=None)) < timedelta(hours=1)
        assert value.node >> 40 & 1


def test_script_that_needs_the_library_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "extension"
    folder.mkdir()
    script = folder / "uuid-ossp--1.1.sql"
    assert not lacks_portable(tmp_path)
    script.write_text("CREATE FUNCTION uuid_nil() RETURNS uuid AS 'MODULE_PATHNAME' LANGUAGE C;")
    assert lacks_portable(tmp_path)
    make_portable(tmp_path)
    assert not lacks_portable(tmp_path)
    assert [entry.name for entry in folder.iterdir()] == [script.name]
