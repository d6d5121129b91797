"""What every project begins with, as this kaizen has it: pipelines, steps, service, stacks, lock.

A clone of kaizen's repository is a project itself, and its own folders are these files. A wheel
holds a copy of them as data, packed when it is built (``setup.py``): git has one of each.

Only the standard library may be imported here: this is read before kaizen is installed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kaizen.core.errors import KaizenError

FOLDERS = ("pipelines", "steps", "serving", "stacks", "configs/env")
FILES = ("requirements.txt",)
PACKED = "project-files"
"""Their folder beside this module, in a wheel. Nothing can import by a name with a hyphen."""
LOCK = ".kaizen-init.json"
"""In a project: what of these files it has, as they were when it took them."""
_LEFT_OUT = (".pyc", ".md")


def source() -> Path:
    """The folder that holds them.

    Raises:
        KaizenError: this installation lacks them.
    """
    here = Path(__file__).resolve()
    packed, clone = here.parent / PACKED, here.parents[3]
    for folder in (packed, clone):
        if all((folder / name).exists() for name in (*FOLDERS, *FILES)):
            return folder
    raise KaizenError(
        f"this installation of kaizen has no {PACKED} in {packed.parent}: install its wheel again "
        "(`pip install --force-reinstall kaizen-loop`)"
    )


def contents(root: Path | None = None) -> dict[str, bytes]:
    """Path in a project to content of every file of ``root``; None for this kaizen's."""
    root = root or source()
    found = [path for name in FOLDERS for path in (root / name).rglob("*") if path.is_file()]
    names = [*(path.relative_to(root) for path in found), *map(Path, FILES)]
    return {
        name.as_posix(): (root / name).read_bytes()
        for name in sorted(names)
        if name.suffix not in _LEFT_OUT and not any(part.startswith(".") for part in name.parts)
    }


def pack(root: Path, package: Path) -> None:
    """Put the files of the clone ``root`` into ``package``, a copy of kaizen that becomes a wheel.

    Raises:
        KaizenError: ``root`` lacks some.
    """
    if gone := [name for name in (*FOLDERS, *FILES) if not (root / name).exists()]:
        raise KaizenError(
            f"{root} has no {gone[0]}: a wheel is built in a whole clone of the repository"
        )
    target = package / Path(__file__).parent.name / PACKED
    shutil.rmtree(target, ignore_errors=True)
    for name, content in contents(root).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)


@dataclass(frozen=True)
class Taken:
    """What a project has taken of these files.

    Attributes:
        kaizen: the version whose files it last took.
        digests: path to SHA-256 of the file as it was then.
    """

    kaizen: str
    digests: Mapping[str, str]

    def dump(self) -> bytes:
        """As the file :data:`LOCK`."""
        whole = {"kaizen": self.kaizen, "files": dict(sorted(self.digests.items()))}
        return (json.dumps(whole, indent=1) + "\n").encode()


def taken(root: Path) -> Taken:
    """What the project in ``root`` says that it took; nothing where it says nothing.

    Raises:
        KaizenError: the file cannot be understood.
    """
    path = root / LOCK
    try:
        whole = json.loads(path.read_bytes())
        return Taken(str(whole["kaizen"]), {str(k): str(v) for k, v in whole["files"].items()})
    except FileNotFoundError:
        return Taken("", {})
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise KaizenError(
            f"{path} is damaged ({type(error).__name__}: {error}): get it back from git, or remove "
            "it and every file that differs from kaizen's counts as yours"
        ) from None


def digest(content: bytes) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(content).hexdigest()
