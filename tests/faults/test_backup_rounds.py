"""A few rounds of those that `python -m tests.faults.backup_rounds --rounds 100` runs by the hundred."""

from __future__ import annotations

import os
from pathlib import Path

from tests.faults.backup_rounds import Rounds
from tests.faults.places import place_of

ROUNDS = int(os.environ.get("PGWRIGHT_KILL_ROUNDS", "3"))

# The first of them are those that users wait for.
VERBS = ("create", "restore", "recover", "prune", "wal", "physical", "incremental", "drill")


def test_whatever_is_broken_off_leaves_whole_backups(tmp_path: Path) -> None:
    with place_of("s3", tmp_path, seed=7) as place:
        rounds = Rounds(place, tmp_path, seed=7)
        try:
            for number in range(ROUNDS):
                rounds.round(VERBS[number % len(VERBS)])
        finally:
            rounds.close()
