"""A project: what is learnt, in which steps, where it runs and what is served.

It is the folder that holds ``pyproject.toml`` with a table ``[tool.kaizen]``, found from the
working folder upward, or named by ``KAIZEN_PROJECT`` (``kaizen --project``). kaizen is the library
that it uses: whatever of a project is imported or started is asked for here, and nowhere else by
name.

Only the standard library may be imported here: this is read before any other library is.
"""

from __future__ import annotations

import importlib
import os
import sys
import tomllib
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from kaizen.core import extras
from kaizen.core.errors import KaizenError, UsageError, unknown

if TYPE_CHECKING:
    from kaizen.core.usecase import Features, UseCase

VARIABLE = "KAIZEN_PROJECT"
FILE = "pyproject.toml"
TABLE = "kaizen"
SERVICE = "serving.service:Kaizen"
"""Module and name of a project's BentoML service."""
FORMAT = 1
"""The layout of a project that this kaizen knows; a project names its own as ``format``."""


@dataclass(frozen=True)
class Project:
    """One project, by its folder.

    Attributes:
        root: the folder of its ``pyproject.toml``; also ZenML's source root.
    """

    root: Path

    @property
    def configs(self) -> Path:
        return self.root / "configs"

    @property
    def environments(self) -> Path:
        """Settings by environment: ``KAIZEN_ENV`` chooses one."""
        return self.configs / "env"

    @property
    def scenarios(self) -> Path:
        return self.configs / "scenarios"

    @property
    def stacks(self) -> Path:
        return self.root / "stacks"

    @property
    def state(self) -> Path:
        """The state folder, where ``KAIZEN_HOME`` names no other."""
        return self.root / ".kaizen"

    @property
    def lock(self) -> Path:
        return self.root / "requirements.txt"

    @property
    def service_lock(self) -> Path:
        """The libraries that the service needs, with their hashes."""
        return self.root / "serving" / "requirements.txt"

    def service_files(self, usecase: str) -> dict[str, bytes]:
        """What of the project goes into a Bento: the service, and what reads a request.

        Of the use case these are ``features.py`` and the modules beside it that it names in
        ``COMPANIONS``.

        Raises:
            UsageError: no use case has this name.
            KaizenError: a file is missing, or the module cannot be imported.
        """
        features = self.module(self.features_module(self.check(usecase)))
        beside = ("features", *getattr(features, "COMPANIONS", ()))
        folder = Path(str(features.__file__)).parent
        paths = {
            "serving/__init__.py": self.root / "serving/__init__.py",
            "serving/service.py": self.root / "serving/service.py",
            **{f"usecases/{usecase}/{name}.py": folder / f"{name}.py" for name in beside},
        }
        empty = dict.fromkeys(("usecases/__init__.py", f"usecases/{usecase}/__init__.py"), b"")
        return {**empty, **{name: self._content(path) for name, path in paths.items()}}

    def usecases(self) -> list[str]:
        """Every use case that has a configuration, by name.

        Raises:
            UsageError: the project has no folder of configurations.
        """
        if not self.configs.is_dir():
            raise UsageError(
                f"the project {self.root} has no folder configs/: `kaizen new NAME` writes a use "
                "case with its configuration"
            )
        return sorted(path.stem for path in self.configs.glob("*.yaml"))

    def check(self, usecase: str) -> str:
        """``usecase`` itself.

        Raises:
            UsageError: no use case has this name; the nearest one is offered.
        """
        known = self.usecases()
        if usecase not in known:
            raise unknown("use case", usecase, known)
        return usecase

    def model_module(self, usecase: str) -> str:
        """Dotted name of the module that holds a use case's data, contract and training."""
        return f"{self._package(usecase)}.model"

    def features_module(self, usecase: str) -> str:
        """Dotted name of the module that says what a request of a use case is."""
        return f"{self._package(usecase)}.features"

    def extras(self, usecase: str) -> tuple[str, ...]:
        """The extras of kaizen that a use case is trained with: ``EXTRAS`` of its package.

        Raises:
            UsageError: no use case has this name.
            KaizenError: its package cannot be imported.
        """
        return tuple(getattr(self.module(self._package(self.check(usecase))), "EXTRAS", ()))

    def usecase(self, name: str) -> UseCase:
        """The use case's ``model`` side. Imports its training framework.

        Raises:
            UsageError: no use case has this name.
            KaizenError: its module cannot be imported; file and line are named.
        """
        module = self.module(self.model_module(self.check(name)))
        return cast("UseCase", self._named(module, "usecase"))

    def features(self, name: str) -> Features:
        """The use case's ``features`` side. Imports no training framework.

        Raises:
            UsageError: no use case has this name.
            KaizenError: its module cannot be imported; file and line are named.
        """
        return self.load_features(self.check(name))

    def load_features(self, name: str) -> Features:
        """As :meth:`features`, where no configuration says which use cases there are: a Bento.

        Raises:
            KaizenError: its module cannot be imported; file and line are named.
        """
        return cast("Features", self._named(self.module(self.features_module(name)), "features"))

    def pipeline(self, module: str, name: str | None = None) -> Any:
        """A pipeline of ``pipelines/MODULE.py``, by its function's name.

        Raises:
            KaizenError: there is none, or its module cannot be imported.
        """
        return self._named(self.module(f"pipelines.{module}"), name or module)

    def module(self, name: str) -> ModuleType:
        """A module of the project, imported.

        Raises:
            KaizenError: it cannot be imported; the file and line at fault are named.
        """
        self.activate()
        try:
            return importlib.import_module(name)
        except KaizenError:
            raise
        except Exception as error:
            usecase = self._usecase_of(name)
            # Its package is there, as far as it could be imported itself.
            also = getattr(sys.modules.get(self._package(usecase)), "EXTRAS", ())
            missing = extras.of_error(error, usecase or name, tuple(also))
            raise missing or KaizenError(self._why_not(name, error)) from error

    def activate(self) -> None:
        """Let this process import the project's modules, before any that share their names."""
        if str(self.root) not in sys.path:
            sys.path.insert(0, str(self.root))

    def variables(self) -> Mapping[str, str]:
        """What a process that is started for this project finds it by."""
        return {VARIABLE: str(self.root)}

    def _package(self, usecase: str) -> str:
        return f"usecases.{usecase}"

    def _usecase_of(self, module: str) -> str:
        """The use case that a module is of, "" where it is of none."""
        folder, _, inside = module.partition(".")
        return inside.partition(".")[0] if folder == "usecases" else ""

    def _content(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise KaizenError(
                f"{self._short(str(path))} cannot be read ({error.strerror}): every Bento needs "
                "it; `kaizen init --update` brings the project's own files back"
            ) from None

    def _named(self, module: ModuleType, name: str) -> Any:
        try:
            return getattr(module, name)
        except AttributeError:
            raise KaizenError(
                f"{self._short(str(module.__file__))} has no {name!r}: see `kaizen new --help` for "
                "a use case that has, and `kaizen init --update` for pipelines as kaizen has them"
            ) from None

    def _why_not(self, name: str, error: Exception) -> str:
        """Where and why an import failed, on one line."""
        if isinstance(error, SyntaxError) and error.filename:
            place = f"{self._short(error.filename)} line {error.lineno}"
        else:
            frames = traceback.extract_tb(error.__traceback__)
            own = [frame for frame in frames if Path(frame.filename).is_relative_to(self.root)]
            place = f"{self._short(own[-1].filename)} line {own[-1].lineno}" if own else name
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return f"{name} cannot be imported: {place}: {reason}"

    def _short(self, file: str) -> str:
        path = Path(file)
        return str(path.relative_to(self.root) if path.is_relative_to(self.root) else path)


def current() -> Project:
    """The project of this process.

    Raises:
        UsageError: there is none here, or it is not to be told which.
    """
    return _current(os.environ.get(VARIABLE), _working_folder())


def command(module: str, *words: str) -> list[str]:
    """``python -m MODULE WORDS``, where no folder of the project is taken for kaizen."""
    return [sys.executable, "-P", "-m", module, *words]


def is_inside() -> bool:
    """Whether this process has a project; False also where it is not to be told which."""
    try:
        current()
    except UsageError:
        return False
    return True


@cache
def _current(named: str | None, folder: str) -> Project:
    return at(Path(named).expanduser()) if named else find(Path(folder))


def at(folder: Path) -> Project:
    """The project in ``folder`` itself.

    Raises:
        UsageError: it is none, or one of a newer kaizen.
    """
    root = folder.resolve()
    table = _table(root / FILE)
    if table is None:
        raise UsageError(
            f"{folder} is no kaizen project: it has no {FILE} with a table [tool.{TABLE}]; "
            f"`kaizen init {folder}` makes one"
        )
    wanted = table.get("format", FORMAT)
    if not isinstance(wanted, int) or wanted > FORMAT:
        raise UsageError(
            f"{root / FILE} has [tool.{TABLE}] format {wanted!r}, this kaizen knows up to "
            f"{FORMAT}: `pip install --upgrade kaizen-loop`"
        )
    return Project(root)


def find(folder: Path) -> Project:
    """The project that ``folder`` lies in.

    Raises:
        UsageError: none, or a project within another one, where only a name tells which is meant.
    """
    roots = around(folder)
    if not roots:
        raise UsageError(
            f"{folder} is in no kaizen project (no {FILE} with a table [tool.{TABLE}] here or "
            "above): `kaizen init DIR` makes one, `kaizen --project DIR ...` or "
            f"{VARIABLE} names one"
        )
    if len(roots) > 1:
        raise UsageError(
            f"{roots[0]} is a kaizen project inside another one, {roots[1]}: say which is meant "
            f"by `kaizen --project DIR ...` or {VARIABLE}"
        )
    return at(roots[0])


def around(folder: Path) -> list[Path]:
    """The root of every project that ``folder`` lies in, the nearest first."""
    return [each for each in (folder, *folder.parents) if _table(each / FILE) is not None]


def _table(file: Path) -> Mapping[str, Any] | None:
    """``[tool.kaizen]`` of a ``pyproject.toml``; None where there is no such table or file.

    Raises:
        UsageError: the file cannot be read, or is not TOML.
    """
    try:
        content = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    if b"kaizen" not in content:
        return None
    try:
        tool = tomllib.loads(content.decode()).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not TOML: {error}") from None
    table = tool.get(TABLE) if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _working_folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - as a key of the cache
    except FileNotFoundError:
        raise UsageError("the working folder is gone: change into another one") from None
