"""The pictures of the drift trials are made from whatever was measured, and always the same."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.drift.plots import PLOTS, draw
from benchmarks.drift.table import summary

TABLE = {"alarms": [False, True], "changes": {"s5 + 0.25 sd": True}, "seconds": 1.0}
STREAM = {"windows": 10, "stream": 0, "p <= 0.006": 1, "delay": 7, "seconds": 1.0}
POWER = {"power": {"0.1": False, "0.25": True, "0.5": True}, "seconds": 1.0}
COUNTED = [
    {
        "kaizen": {"rows": rows, "scan s": rows / 1e6, "check s": 0.5},
        "Evidently": {"rows": rows, "s": rows / 6e3},
    }
    for rows in (10_000, 1_000_000)
]


def measured(folder: Path) -> Path:
    folder.mkdir()
    results = {
        "table 2000/500": summary([TABLE, TABLE]),
        "stream 2000/500": summary([STREAM, STREAM, STREAM | {"delay": None}]),
        "power 2000/500": summary([POWER, POWER]),
    }
    rate = {"rate": 0.9, "low": 0.7, "high": 1.0}
    peers = {"rates": {"442/100": {"no drift": {"kaizen": rate, "NannyML, any column": rate}}}}
    for name, content in (
        ("results", results), ("peers", peers), ("speed", {"counted": COUNTED}),
    ):  # fmt: skip
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def test_every_picture_is_made_and_made_alike(tmp_path: Path) -> None:
    folder = measured(tmp_path / "measured")
    first, again = draw(folder, tmp_path / "one"), draw(folder, tmp_path / "two")
    for name in PLOTS:
        one, two = first[name], again[name]
        assert one is not None
        assert two is not None
        text = one.read_text()
        assert text == two.read_text()
        assert len(text) < 60_000
        assert "<dc:date>" not in text
    said = (tmp_path / "one" / "drift-false-alarms.svg").read_text()
    assert "NannyML, any column" in said
    assert "2000/500" in said
    assert "442/100" in said


def test_without_figures_there_are_no_pictures(tmp_path: Path) -> None:
    assert set(draw(tmp_path, tmp_path / "out").values()) == {None}
    assert not list((tmp_path / "out").iterdir())
