from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlparse

import pytest

from kaizen.core.errors import KaizenError, UsageError
from kaizen.registry import baselines, profiles, store, versions

Register = Callable[..., str]


def test_what_is_kept_comes_back_and_versions_without_have_none(
    name: str, register: Register
) -> None:
    version = register(0.4)
    assert baselines.of(name, version) is None
    profiles.keep(name, version, b"profile")
    baselines.keep(name, version, b"first")
    assert baselines.of(name, version) == b"first"
    assert profiles.of(name, "challenger") == b"profile"
    baselines.keep(name, version, b"second")
    assert baselines.of(name, version) == b"second"
    with pytest.raises(UsageError):
        baselines.of(name, "99")


def test_the_same_again_changes_nothing(name: str, register: Register) -> None:
    version = register(0.4)
    baselines.keep(name, version, b"one")
    file = path(name, version)
    file.write_bytes(b"two")
    baselines.keep(name, version, b"one")
    assert file.read_bytes() == b"two"


def test_another_file_or_none_is_refused(name: str, register: Register) -> None:
    version = register(0.4)
    baselines.keep(name, version, b"one")
    file = path(name, version)
    file.write_bytes(b"two")
    with pytest.raises(KaizenError, match="not what was kept"):
        baselines.of(name, version)
    file.unlink()
    with pytest.raises(KaizenError, match=r"baseline\.zip .* cannot be read"):
        baselines.of(name, version)
    assert versions.get(name, version).tags["baseline_sha256"]


def path(name: str, version: str) -> Path:
    source = store.client().get_model_version_download_uri(name, version)
    return Path(urlparse(source).path) / "baseline.zip"
