"""Log files stay small while their writers keep them open."""

from __future__ import annotations

from pathlib import Path

from kaizen.rollout.log_rotation import KEPT, rotate


def test_a_writer_goes_on_in_the_same_file(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 100)
        assert rotate([log], limit_bytes=50) == [log]
        writer.write(b"after")
    assert log.read_bytes() == b"after"
    assert (tmp_path / "a.log.1").read_bytes() == b"x" * 100


def test_small_and_missing_files_are_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("short")
    assert rotate([log, tmp_path / "none.log"], limit_bytes=50) == []
    assert list(tmp_path.iterdir()) == [log]


def test_the_oldest_goes(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    for turn in range(KEPT + 2):
        log.write_text(f"{turn}" * 60)
        rotate([log], limit_bytes=50)
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["a.log", *(f"a.log.{number}" for number in range(1, KEPT + 1))]
    assert (tmp_path / "a.log.1").read_text() == f"{KEPT + 1}" * 60
