"""Every `.sql` file of the package says what it is for, since which version, and what it returns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.builds import VERSIONS
from tests.unit.architecture.sqlheader import SqlHeader
from tests.unit.architecture.tree import PACKAGE, sql_files


@pytest.mark.parametrize("path", sql_files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_header_is_complete(path: Path) -> None:
    header = SqlHeader.read(path)
    assert len(header.purpose.split()) >= 3, "the first line is a comment with the purpose"
    assert header.since is not None, "a line '-- since: 12' names the least major version"
    assert header.since in VERSIONS
    assert header.columns or not header.is_query, "a line '-- columns: a, b' names what it returns"


@pytest.mark.parametrize("path", sql_files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_file_name_and_header_agree_on_the_version(path: Path) -> None:
    stem, _, version = path.stem.rpartition("-")
    if version.isdigit():
        assert SqlHeader.read(path).since == int(version)
        assert path.with_name(f"{stem}.sql").exists(), "the variant for older servers is missing"
