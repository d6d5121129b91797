"""Libraries that a use case needs when it is served reach the Bento's lock, with their hashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.project import Project
from kaizen.packaging import requirements

WHOLE = """\
# made by a tool
aaa==1.0 \\
    --hash=sha256:11
    # via bbb
bbb[extra]==2.1 \\
    --hash=sha256:22 \\
    --hash=sha256:23
    # via
    #   mine (pyproject.toml)
    #   zzz
ccc==3.0 \\
    --hash=sha256:33
    # via
    #   aaa
    #   zzz
numpy==2.4 \\
    --hash=sha256:44
    # via ccc
zzz==9.0 \\
    --hash=sha256:99
"""
SERVICE = "numpy==2.4 \\\n    --hash=sha256:44\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "serving").mkdir()
    (tmp_path / "requirements.txt").write_text(WHOLE)
    (tmp_path / "serving/requirements.txt").write_text(SERVICE)
    return Project(tmp_path)


def test_nothing_more_is_the_services_lock_itself(project: Project) -> None:
    assert requirements.lock(project, ()) == SERVICE


def test_a_library_comes_with_all_that_it_needs(project: Project) -> None:
    found = requirements.pins(requirements.lock(project, ("BBB>=2",)))
    assert {name: pin.version for name, pin in found.items()} == {
        "numpy": "2.4", "bbb": "2.1", "aaa": "1.0", "ccc": "3.0",
    }  # fmt: skip
    assert "--hash=sha256:23" in found["bbb"].text


@pytest.mark.parametrize(
    ("names", "alone"),
    [
        # bbb asks for aaa; the project asks for bbb, and zzz for both bbb and ccc.
        (["aaa"], set()),
        (["bbb"], set()),
        (["bbb", "zzz"], {"aaa", "bbb", "ccc", "numpy", "zzz"}),
        (["none-such"], set()),
    ],
)
def test_what_goes_with_libraries_and_what_others_keep(names: list[str], alone: set[str]) -> None:
    whole = requirements.pins(WHOLE)
    assert whole["ccc"].asked_by == {"aaa", "zzz"}, "and no library is called via"
    assert requirements.needed_by_these_alone(names, whole) == alone


def test_what_a_project_or_a_file_asks_for_stays() -> None:
    own = WHOLE.replace("# via bbb", "# via\n    #   bbb\n    #   -r mine.in")
    alone = requirements.needed_by_these_alone(["bbb", "zzz"], requirements.pins(own))
    assert alone == {"bbb", "zzz"}


def test_this_projects_lock_leads_to_what_pandera_needs() -> None:
    from kaizen.core import project as projects

    own = projects.current()
    more = requirements.pins(requirements.lock(own, ("pandera",))).keys()
    assert more > requirements.pins(requirements.lock(own, ())).keys()
    assert {"pandera", "typeguard", "typing-inspect"} <= more


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("shapely", "locks no such library"),
        ("bbb>=3", r"locks bbb==2\.1"),
        ("not a name", r"serving\.requirements has 'not a name'"),
    ],
)
def test_what_the_lock_does_not_hold_is_refused(wanted: str, words: str, project: Project) -> None:
    with pytest.raises(UsageError, match=words):
        requirements.lock(project, (wanted,))


def test_a_missing_lock_is_named(project: Project) -> None:
    project.service_lock.unlink()
    with pytest.raises(KaizenError, match=r"serving/requirements\.txt cannot be read"):
        requirements.lock(project, ())
