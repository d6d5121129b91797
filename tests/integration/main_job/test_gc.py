"""``kaizen gc`` in a home with a real run: what nobody refers to goes, all else still works."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from kaizen.core.paths import Home

pytestmark = pytest.mark.integration

ROW = {"image": [0] * 784}


def plant(home: Home) -> dict[str, list[Path]]:
    """Things of each kind that nobody refers to, as real ones look."""
    (model,) = [path.parent for path in home.zenml.glob("stores/*/export/onnx/*/*/model.onnx")][:1]
    orphan = model.parents[1] / str(uuid4()) / "0a1b2c3d"
    shutil.copytree(model, orphan)
    (bento,) = list(home.bentoml.glob("bentos/digits/1-*"))[:1]
    superseded = bento.with_name("1-0123456789ab")
    shutil.copytree(bento, superseded)
    dataset = home.datasets / "digits" / f".{'a' * 64}.q1w2e3r4"
    dataset.mkdir(mode=0o700)
    (dataset / "data.parquet").write_bytes(b"half")
    sample = home.samples / ".digits.json.q1w2e3r4"
    sample.touch(mode=0o600)
    logs = [home.logs / f"run-digits-20200101-{number:06}.log" for number in range(22)]
    for path in logs:
        path.write_text("an old run\n")
    trash = home.trash / "left"
    trash.mkdir(parents=True)
    return {
        "artifacts": [orphan],
        "bentos": [superseded],
        "half-written": [dataset, sample],
        # Newer ones of real runs stand before them, so that at least these are beyond the 20.
        "logs": logs[:3],
        "trash": [trash],
    }


def contents(home: Home) -> dict[str, str]:
    """A digest of each file; the shared memory of open databases is nobody's content."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in home.root.rglob("*")
        if path.suffix != ".db-shm" and not path.is_socket()
    }


def recorded(home: Home) -> list[Path]:
    """Every artifact that ZenML knows."""
    path = home.zenml / "stores" / "default_zen_store" / "zenml.db"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        return [Path(uri) for (uri,) in database.execute("SELECT uri FROM artifact_version")]


def test_what_nobody_refers_to_goes_and_all_else_works(job, laptop) -> None:
    home = laptop.home
    planted = plant(home)
    every = [path for paths in planted.values() for path in paths]

    before = contents(home)
    looked = laptop.kaizen("gc", "--older-than", "0", "--json")
    assert looked.code == 0, looked.err
    assert contents(home) == before, "a look changes no byte"
    assert looked.json["deleted"] is False
    counts = {kind["kind"]: kind["count"] for kind in looked.json["kinds"]}
    assert all(counts[kind] >= len(paths) for kind, paths in planted.items()), counts
    assert "nothing to remove" not in laptop.kaizen("gc", "--older-than", "0").out

    # What is a week old goes by default: of all this, what an interrupted gc left.
    assert laptop.kaizen("gc", "--delete").code == 0
    assert [path for path in every if not path.exists()] == planted["trash"]

    removed = laptop.kaizen("gc", "--delete", "--older-than", "0", "--json")
    assert removed.code == 0, removed.err
    assert removed.json["deleted"] is True
    assert removed.json["bytes"] > 0
    assert [path for path in every if path.exists()] == []
    assert [path.name for path in home.trash.iterdir()] == ["lock"]
    again = laptop.kaizen("gc", "--older-than", "0", "--json").json
    assert [kind["count"] for kind in again["kinds"]] == [0] * len(again["kinds"])

    known = recorded(home)
    assert known
    assert [path for path in known if not path.is_dir()] == []
    assert list(home.datasets.glob(f"digits/{job.json['dataset_digest']}/data.parquet"))
    (service,) = laptop.kaizen("status", "--json").json["services"]
    assert service["ready"]
    answer = httpx.post(f"{job.json['url']}/predict", json={"rows": [ROW]}, timeout=10)
    assert answer.status_code == httpx.codes.OK
    code = f"import json, kaizen; m = kaizen.load('digits@champion'); print(m.predict([{ROW}]))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], env=laptop.variables(),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    digit = json.loads(answer.content)["predictions"][0]["digit"]
    assert f"'digit': {digit}" in loaded.stdout, loaded.stderr
    rerun = laptop.kaizen("run", "digits", "--preset", "fast", "--json")
    assert rerun.code == 0, rerun.err
    cached = [line.split()[1] for line in rerun.err.splitlines() if line.startswith("=")]
    assert {"load", "validate", "split", "train", "export", "evaluate"} <= set(cached)
    assert laptop.kaizen("down").code == 0
    assert laptop.kaizen("up").code == 0
    assert httpx.get(f"{job.json['url']}/readyz", timeout=10).status_code == httpx.codes.OK
    for path in home.logs.glob("run-digits-20200101-*.log"):
        path.unlink()
