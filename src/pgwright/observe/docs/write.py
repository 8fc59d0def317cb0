"""Put pages and pictures into files: each whole or not at all, and none that nothing shows any more."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pgwright.errors import OutputError
from pgwright.observe.docs.html import html
from pgwright.observe.docs.markdown import markdown
from pgwright.observe.docs.nouns import DataModel
from pgwright.observe.docs.picture import module_picture, overview_picture
from pgwright.observe.docs.svg import MARK


@dataclass(frozen=True, kw_only=True)
class Written:
    """Report which files were written, were already as they should be, and were removed."""

    written: tuple[Path, ...]
    unchanged: tuple[Path, ...] = ()
    removed: tuple[Path, ...] = ()


def write_markdown(model: DataModel, path: Path) -> Written:
    """Write the page to `path` and its pictures into the folder beside it that has its name without ``.md``.

    Pictures there that were made before and that no module has any more are removed. Raises `OutputError`.
    """
    folder = path.with_suffix("") if path.suffix else path.with_name(f"{path.name}_pictures")
    files = {folder / f"{module.slug}.svg": module_picture(model, module) for module in model.modules}
    if len(model.modules) > 1:
        files[folder / "overview.svg"] = overview_picture(model)
    removed = _stale(folder, files)
    # The page comes last, so that it never names a picture that is not there.
    files[path] = markdown(model, pictures=folder.name)
    return _write_all(files, removed)


def write_html(model: DataModel, path: Path) -> Written:
    """Write the page, with its pictures inside, to `path`. Raises `OutputError`."""
    return _write_all({path: html(model)}, ())


def write_text(path: Path, text: str) -> bool:
    """Write a file whole or not at all; return False where it held that text already.

    Raises `OutputError`.
    """
    try:
        if path.is_file() and path.read_bytes() == text.encode():
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            # A device or a pipe, such as /dev/stdout: nothing to keep whole.
            path.write_text(text, encoding="utf-8")
            return True
        # A symbolic link stays one: what it leads to is replaced.
        goal = path.resolve()
        part = goal.with_name(f".{goal.name}.{os.getpid()}")
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(goal)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    except OSError as exc:
        raise OutputError(
            f"cannot write {path}",
            detail=f"{exc.strerror or exc}; the file is as it was",
            hint="check the folder and its permissions, or name another file with --output",
        ) from exc
    return True


def _write_all(files: Mapping[Path, str], stale: tuple[Path, ...]) -> Written:
    changed = {path: write_text(path, text) for path, text in files.items()}
    for path in stale:
        with suppress(FileNotFoundError):
            path.unlink()
    return Written(
        written=tuple(path for path, new in changed.items() if new),
        unchanged=tuple(path for path, new in changed.items() if not new),
        removed=stale,
    )


def _stale(folder: Path, files: Mapping[Path, str]) -> tuple[Path, ...]:
    """Return pictures that this made before and now has no use for; others' pictures are left alone."""
    if not folder.is_dir():
        return ()
    own = (p for p in sorted(folder.glob("*.svg")) if p not in files and p.is_file())
    return tuple(p for p in own if MARK in p.read_text(encoding="utf-8", errors="replace")[:2000])
