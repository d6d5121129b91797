"""The router's configuration and its small files. Caddy itself is asked in tests/integration."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kaizen.core.errors import UsageError
from kaizen.core.results import Release
from kaizen.rollout import router
from kaizen.rollout.caddy import _binary
from kaizen.rollout.state import Desired, Placed


def placed(version: str, weight: int, slot: str, port: int = 20001) -> Placed:
    release = Release(usecase="digits", version=version, tag="", digest="", path="")
    return Placed(release=release, weight=weight, port=port, slot=slot, service=f"s{version}")


def desired(*releases: Placed) -> Desired:
    return Desired(usecase="digits", releases=releases, workers=1)


def handlers(tree: Any, name: str) -> list[dict[str, Any]]:
    """Every handler of this name, wherever it stands."""
    if isinstance(tree, list):
        return [found for each in tree for found in handlers(each, name)]
    if isinstance(tree, dict):
        own = [tree] if tree.get("handler") == name else []
        return own + [found for each in tree.values() for found in handlers(each, name)]
    return []


def test_caddy_accepts_it(tmp_path: Path) -> None:
    file = tmp_path / "caddy.json"
    file.write_text(json.dumps(router.config(["digits", "churn-2"], 18080)))
    done = subprocess.run(
        [str(_binary()), "validate", "--config", str(file)],
        env={"XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_it_listens_on_the_loopback_interface_only() -> None:
    config = router.config(["digits"], 18080)
    assert config["apps"]["http"]["servers"]["public"]["listen"] == ["127.0.0.1:18080"]
    assert config["admin"]["listen"] == "unix/admin.sock|0600"


def test_nothing_is_asked_twice() -> None:
    proxies = handlers(router.config(["digits"], 1), "reverse_proxy")
    assert len(proxies) == 4  # two pinned, two by chance
    assert all(proxy["load_balancing"] == {"retries": 0} for proxy in proxies)


def test_a_new_release_changes_no_configuration() -> None:
    """A reload breaks connections, so what changes with a release must not be in it."""
    assert router.config(["b", "a"], 1) == router.config(["a", "b"], 1)
    assert "20001" not in json.dumps(router.config(["digits"], 1))


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/digits/predict", "predict"),
        ("/digits/openapi.json", "openapi.json"),
        ("/digits/openapiXjson", None),
        ("/digits/predict/more", None),
        ("/digits/", None),
        ("/digits2/predict", None),
        ("/other/digits/predict", None),
    ],
)
def test_which_paths_are_let_through(path: str, seen: str | None) -> None:
    routes = router.config(["digits"], 1)["apps"]["http"]["servers"]["public"]["routes"]
    (route,) = [each for each in routes if "path_regexp" in each.get("match", [{}])[0]]
    match = re.search(route["match"][0]["path_regexp"]["pattern"], path)
    assert (match.group(1) if match else None) == seen


@pytest.mark.parametrize("name", ["", "Digits", "a/b", "a.b", "{file.x}", "a b", "-a"])
def test_a_name_that_cannot_be_part_of_a_path(name: str) -> None:
    assert not router.can_be_served(name)
    with pytest.raises(UsageError, match="cannot be served"):
        router.config([name], 1)


def test_the_files_of_one_release() -> None:
    files = router.files(desired(placed("3", 100, "green", 20007)))
    assert files["digits.green.port"] == "20007"
    assert files["digits.green.version"] == "3"
    assert files["digits.share"] == "g"
    assert "\n" in files["digits.blue.version"], "no header can pin an empty place"
    assert list(files)[-1] == "digits.share", "a new release gets no request before it is placed"


def test_a_version_that_could_be_read_as_something_else_is_refused() -> None:
    with pytest.raises(UsageError, match=re.escape("'{env.HOME}'")):
        router.files(desired(placed("{env.HOME}", 100, "blue")))


@pytest.mark.parametrize(
    ("blue", "green", "share"),
    [(100, 0, "0000"), (90, 10, "199a"), (50, 50, "8000"), (1, 99, "fd71"), (0, 100, "g")],
)
def test_the_share_is_the_green_part(blue: int, green: int, share: str) -> None:
    found = router.share({"blue": blue, "green": green})
    assert found == share
    hits = sum(f"{number:04x}" < found for number in range(0x10000))
    assert round(100 * hits / 0x10000) == green


@pytest.mark.parametrize("weights", [{"blue": 90}, {"blue": 110, "green": -10}])
def test_weights_are_percent(weights: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="100 together"):
        router.share(weights)


def test_the_index_lists_versions_and_weights() -> None:
    index = json.loads(router.index([desired(placed("1", 90, "blue"), placed("2", 10, "green"))]))
    assert index["usecases"]["digits"]["versions"] == {"1": 90, "2": 10}
    assert index["usecases"]["digits"]["predict"] == "/digits/predict"
