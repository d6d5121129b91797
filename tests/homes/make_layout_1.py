"""Makes ``layout-1.tar.xz`` and ``layout-1.json``: a home as kaizen 0.1.0 left it.

Run on 8a4a87a with a few commits upon it, before the library moved below ``src/``; it is kept to
say how the data was made. It works with that code alone: later code makes homes of a later layout.

    python tests/homes/make_layout_1.py EMPTY_FOLDER

What it holds: three versions of diabetes (v1 promoted, v2 promoted over it, v3 refused), 677
predictions with 440 labels, three windows, one of them broken and with an alert that is
acknowledged, a batch, a key, and no process (`kaizen down` was the last command). Left out are
``cache/``, ``xdg/``, what ZenML keeps of its steps' results, which any kaizen may drop, and the
pages of Evidently, 4 MB of HTML each that no code reads again; their snapshots are there.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "shared")]

from old_home import FOLDER, PACKED_HOME, PACKED_PROJECT, relocate  # noqa: E402

from kaizen import __version__  # noqa: E402

KAIZEN = Path(sys.executable).with_name("kaizen")
WINDOW = "monitoring.window={KIND: count, rows: 200}"
DROPPED = ("cache", "xdg", "zenml/stores/*-*-*-*-*", "trash", "monitoring/reports/*/*.html")


def main() -> None:
    place = Path(sys.argv[1]).resolve()
    home, user = place / "home", place / "user"
    user.mkdir(parents=True)
    variables = {"PATH": os.environ["PATH"], "HOME": str(user), "KAIZEN_HOME": str(home)}

    def kaizen(*words: str) -> dict[str, Any]:
        done = subprocess.run(
            [str(KAIZEN), *words, "--json"],
            env=variables, cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        print(words, done.returncode, done.stderr[-300:] if done.returncode else "")
        return json.loads(done.stdout.splitlines()[-1])

    runs = [
        kaizen("run", "diabetes", "--set", "params.alpha=5.0"),
        kaizen("run", "diabetes"),
        kaizen("run", "diabetes", "--set", "params.alpha=0.5"),
    ]
    assert [run["decision"] for run in runs] == ["promoted", "promoted", "refused"]
    body = json.loads((home / "samples" / "diabetes.json").read_text(encoding="utf-8"))
    kaizen("simulate", "diabetes", "--ticks", "0:20")
    kaizen("simulate", "diabetes", "--scenario", "broken", "--ticks", "20:32")
    labels = home / "simulations" / "diabetes" / "steady-0" / "labels.jsonl"
    labelled = kaizen("label", "diabetes", "--file", str(labels))
    watched = kaizen("monitor", "diabetes", "--set", WINDOW)
    alerts = kaizen("alerts", "diabetes")["alerts"]
    kaizen("alerts", "ack", alerts[0]["id"], "--by", "ines", "--why", "we know")
    table = place / "patients.csv"
    names, values = body["rows"][0].keys(), map(str, body["rows"][0].values())
    table.write_text(f"{','.join(names)}\n{','.join(values)}\n", encoding="utf-8")
    kaizen("score", "diabetes", str(table))
    answer = httpx.post(f"{runs[-1]['url']}/predict", json=body, timeout=30).raise_for_status()
    key = kaizen("keys", "create", "shop", "--scope", "predict")["key"]
    events = kaizen("events", "diabetes", "-n", "5000")
    why = kaizen("why", "diabetes@champion")
    status = kaizen("status")
    kaizen("down")

    for pattern in DROPPED:
        for path in home.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for database in home.rglob("*.db"):
        with closing(sqlite3.connect(database)) as opened:
            opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            opened.execute("VACUUM")
    relocate(home, {str(home): PACKED_HOME, str(ROOT): PACKED_PROJECT, str(user): "/srv/ada"})

    facts = {
        "kaizen": __version__,
        "commit": why["commit"],
        "champion": why["version"],
        "versions": [run["model_version"] for run in runs],
        "mse": runs[1]["metrics"]["mse"],
        "request": body,
        "answer": answer.json(),
        "windows": [each["window"]["name"] for each in watched["windows"]],
        "alerts": [alert["id"] for alert in alerts],
        "events": events["count"],
        "labels": labelled["stored"],
        "key": key,  # of this home alone, which serves nobody
        "models": status["models"],
        "modules": modules(),
    }
    FOLDER.joinpath("layout-1.json").write_text(json.dumps(facts, indent=1) + "\n")
    with tarfile.open(FOLDER / "layout-1.tar.xz", "w:xz", preset=9) as archive:
        archive.add(home, ".", filter=_anonymous)


def modules() -> list[str]:
    """The names that this layout may have written down."""
    rooms = (path.parent for path in ROOT.glob("*/__init__.py"))
    files = (path for room in rooms for path in room.rglob("*.py") if path.stem != "__init__")
    return sorted(".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files)


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    main()
