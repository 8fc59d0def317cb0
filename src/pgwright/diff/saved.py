"""A plan in a file: reviewed today, applied as it is tomorrow, or not at all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from pgwright.diff.ends import Ends, pack, unpack
from pgwright.diff.proposal import Proposal
from pgwright.errors import PlanFileRefused
from pgwright.kinds.codec import plan_from_json, plan_to_json
from pgwright.model.plan import Plan
from pgwright.server.paths import write_private
from pgwright.version import __version__

_FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class SavedPlan:
    """Hold a plan as a file keeps it.

    `words` follow ``pgwright schema plan`` to make it again, without a password; `rehearsed` tells whether it
    was tried on scratch.
    """

    plan: Plan
    ends: Ends
    words: str = ""
    rehearsed: bool = False


class _Content(msgspec.Struct):
    words: str
    rehearsed: bool
    plan: msgspec.Raw
    ends: msgspec.Raw


class _File(msgspec.Struct):
    pgwright_plan: int
    made_by: str
    sha256: str
    content: msgspec.Raw


def save_plan(path: Path, proposal: Proposal, *, words: str = "") -> None:
    """Write a plan with both its ends to a file that only its owner may read (mode 0600).

    The steps stand first, one field a line, for people. Raises `ServerError` where it cannot be written.
    """
    content = _Content(
        words=words,
        rehearsed=proposal.rehearsal is not None,
        plan=msgspec.Raw(plan_to_json(proposal.plan)),
        ends=msgspec.Raw(pack(proposal.ends)),
    )
    raw = msgspec.json.encode(content)
    file = _File(pgwright_plan=_FORMAT, made_by=__version__, sha256=_hash(raw), content=msgspec.Raw(raw))
    text = msgspec.json.format(msgspec.json.encode(file), indent=1).decode()
    write_private(path, text + "\n")


def load_plan(path: Path) -> SavedPlan:
    """Return the plan that `save_plan` wrote.

    Raises `PlanFileRefused` where the file cannot be read, is something else, was written by another version
    of pgwright, or was edited: white space apart, it must be what was reviewed.
    """
    file = _read(path)
    if (file.pgwright_plan, file.made_by) != (_FORMAT, __version__):
        raise _refused(path, f"was written by pgwright {file.made_by}, and this is {__version__}")
    try:
        if _hash(bytes(file.content)) != file.sha256:
            raise _refused(path, "was edited after it was written")
        content = msgspec.json.decode(bytes(file.content), type=_Content)
        return SavedPlan(
            plan=plan_from_json(bytes(content.plan)),
            ends=unpack(bytes(content.ends)),
            words=content.words,
            rehearsed=content.rehearsed,
        )
    except msgspec.DecodeError as exc:
        raise _refused(path, f"is damaged ({exc})") from exc


def _read(path: Path) -> _File:
    try:
        found: Any = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as exc:
        raise _refused(path, f"cannot be read: {exc.strerror}") from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise _refused(path, "is no plan that pgwright saved") from exc
    return found  # type: ignore[no-any-return]


def _hash(content: bytes) -> str:
    """Return the SHA-256 (hex) of JSON without the white space that an editor may have put in."""
    return hashlib.sha256(msgspec.json.format(content, indent=-1)).hexdigest()


def _refused(path: Path, why: str) -> PlanFileRefused:
    return PlanFileRefused(
        f"{path} {why}",
        detail="nothing was changed",
        hint=f"make the plan anew: pgwright schema plan --save {path}",
    )
