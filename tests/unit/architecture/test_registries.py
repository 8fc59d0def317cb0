"""Every line of every registry leads somewhere, is tested and is documented; nothing is left out."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from importlib import import_module

import pytest

from tests.unit.architecture.tree import (
    PACKAGE,
    ROOT,
    Entry,
    documentation,
    dotted,
    entries,
    modules,
    top_level_names,
)


@cache
def _test_text() -> str:
    """Return what the tests say, apart from these: names of files and folders, Python and SQL."""
    here = ROOT / "tests" / "unit" / "architecture"
    paths = [path for path in (ROOT / "tests").rglob("*") if here not in path.parents]
    texts = [path.read_text(encoding="utf-8") for path in paths if path.suffix in {".py", ".sql", ".toml"}]
    names = [str(path.relative_to(ROOT)) for path in paths if "__pycache__" not in path.parts]
    return "\n".join([*names, *texts])


def _mentioned(name: str, text: str) -> bool:
    """Tell whether `name` stands in `text`, written with underscores, hyphens or blanks."""
    return re.search(rf"(?<![a-z]){re.sub('[-_ ]', '[-_ ]', name)}(?![a-z])", text, re.IGNORECASE) is not None


@pytest.mark.parametrize("entry", entries(), ids=str)
def test_entry_leads_somewhere(entry: Entry) -> None:
    assert hasattr(import_module(entry.module), entry.attribute)


@pytest.mark.parametrize("entry", entries(), ids=str)
def test_entry_is_tested(entry: Entry) -> None:
    assert _mentioned(entry.name, _test_text()), f"no test mentions {entry.name}"


@pytest.mark.skipif(not list((ROOT / "docs").glob("*.md")), reason="no pages under docs yet")
@pytest.mark.parametrize("entry", entries(), ids=str)
def test_entry_is_documented(entry: Entry) -> None:
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", documentation(), re.DOTALL))
    assert _mentioned(entry.name, code), f"no page names `{entry.name}`"


def test_no_module_is_left_out_of_its_registry() -> None:
    """A module beside registered ones that offers the same, in the same form, must be registered as well."""
    files = {dotted(path): path for path in modules("src/pgwright")}
    registered = {(entry.module, entry.attribute) for entry in entries()}
    offers = Counter(
        (module.rpartition(".")[0], attribute, top_level_names(files[module]).get(attribute))
        for module, attribute in registered
        if module in files
    )
    forgotten = [
        f"{module}:{attribute}"
        for (package, attribute, form), count in offers.items()
        if count > 1 and form is not None
        for module, path in files.items()
        if module.rpartition(".")[0] == package
        and top_level_names(path).get(attribute) == form
        and (module, attribute) not in registered
    ]
    assert not forgotten


def test_every_package_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("__init__.py")
        if path.stat().st_size and not path.read_text(encoding="utf-8").lstrip().startswith(('"""', "#"))
    ]
    assert not silent
