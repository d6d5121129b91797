"""A migration killed before any of its effects: the next command ends it, as if nothing was."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from old_home import contents, unpack
from repository import PROJECT_ROOT

from kaizen.core.layout import LAYOUT
from kaizen.core.paths import Home

SCRIPT = Path(__file__).with_name("killed_migration.py")


def opened(home: Home, at: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(home.root), str(at)],
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def end(home: Home) -> dict[str, object]:
    """All that a migration has to leave; the name of the backup is a time."""
    (backup,) = home.backups.iterdir()
    apart = ("backups/", "trash/", "layout.lock", ".version.json.")
    kept = {name: was for name, was in contents(home.root).items() if not name.startswith(apart)}
    return {"kept": kept, "backup": contents(backup)}


def test_a_migration_killed_before_any_of_its_effects(
    tmp_path: Path, faults: int, counts: Callable[..., None]
) -> None:
    old = unpack("layout-1", tmp_path / "home").home
    master = tmp_path / "master"
    shutil.copytree(old.root, master)
    whole = opened(old, 0)
    assert whole.returncode == 0, whole.stderr
    effects, due = int(whole.stdout), end(old)
    assert effects > 50
    kills = 0
    for at in range(1, effects + 1, max(1, effects // (2 * faults))):
        shutil.rmtree(old.root)
        shutil.copytree(master, old.root)
        killed = opened(old, at)
        assert killed.returncode == -signal.SIGKILL, (at, killed.stderr)
        kills += 1
        if at % 3 == 0:  # and the next one as well
            opened(old, at)
        after = opened(old, 0)
        assert after.returncode == 0, (at, after.stderr)
        assert end(old) == due, at
        assert json.loads(old.version.read_text())["layout"] == LAYOUT
        assert {path.name for path in old.trash.iterdir()} <= {"lock"}, at
    counts(effects=effects, kills=kills)
