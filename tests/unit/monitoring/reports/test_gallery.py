"""The gallery equals the log, and each of its pictures is the logged one."""

from __future__ import annotations

import io
import json
import os
import re
import time
from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kaizen.core import catalog
from kaizen.core.usecase import ArraySpec
from kaizen.events.joined import Labelled, joined
from kaizen.events.label import Label
from kaizen.events.labels import append
from kaizen.events.read import read
from kaizen.events.schema import line, pack
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.reports import gallery_page
from kaizen.monitoring.reports.flags import Rules
from kaizen.monitoring.reports.gallery import Gallery, gather, keep, pixels, prune

DIGITS = catalog.features("digits")
CHURN = catalog.features("churn")
AT = 1_769_824_800.0


@pytest.fixture(scope="module")
def rules() -> Rules:
    random = np.random.default_rng(0)
    known = pd.DataFrame(
        {
            "digit": random.integers(0, 10, 2400),
            "confidence": random.uniform(0.9, 1, 2400),
            "ink": random.uniform(0, 0.05, 2400),
            "embedding": list(random.normal(size=(2400, 4))),
        }
    )
    return Rules(
        Profile.fit(
            known, categorical=["digit"], embedding="embedding", confidence="confidence",
            window=50, seed=0, draws=1999,
        )
    )  # fmt: skip


def written(folder: Path, events) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "0-1.jsonl").write_bytes(b"".join(map(line, events)))


def well_formed(page: str) -> None:
    """Every element is closed where it ought to be."""
    body = page.partition("<body>")[2].partition("</body>")[0]
    ElementTree.fromstring(body)  # noqa: S314  our own page


def said(event, value) -> Label:
    return Label(event["id"], value, AT, "import")


def test_page_and_twin_equal_the_log(tmp_path: Path, rules: Rules, pictured) -> None:
    random = np.random.default_rng(1)
    events = [
        pictured(
            random.integers(0, 12, (28, 28)).astype(np.uint8), digit=n % 10, at=AT + n,
            embedding=random.normal(size=4),
        )
        for n in range(30)
    ]  # fmt: skip
    events[3] = pictured(digit=3, sure=0.4, at=AT + 3, embedding=np.ones(4))
    folder = tmp_path / "events" / "digits"
    written(folder, events)
    append(folder, [said(events[5], 5), said(events[6], 0)])
    rows = list(joined(DIGITS, folder))
    found = gather(DIGITS, rows, lambda _: rules, newest=10, at=AT)
    page = keep(tmp_path, found, gallery_page.html(DIGITS, found))
    twin = json.loads(page.with_name("gallery.json").read_text(encoding="utf-8"))

    logged = {event["id"]: event for event in read(folder)}
    shown = [entry["id"] for entry in twin["entries"]]
    assert shown[:10] == [event["id"] for event in reversed(events[-10:])]
    assert {events[3]["id"], events[6]["id"]} <= set(shown)
    assert len(shown) == len(set(shown)) < 30
    for entry in twin["entries"]:
        event = logged[entry["id"]]
        for name in ("time", "version", "confidence", "response", "inputs"):
            assert entry[name] == event[name]
    by_id = {entry["id"]: entry for entry in twin["entries"]}
    flags = {name: [flag["rule"] for flag in entry["flags"]] for name, entry in by_id.items()}
    assert "confidence" in flags[events[3]["id"]]
    assert flags[events[6]["id"]] == ["contradicted"]
    assert (by_id[events[6]["id"]]["labelled"], by_id[events[6]["id"]]["label"]) == (True, 0)

    text = page.read_text(encoding="utf-8")
    card = r'<li><img src="data:image/png;base64,([^"]+)".*?class="id">v3 (\S+)</div>'
    cards = re.findall(card, text)
    assert {name for _, name in cards} == set(shown)
    for source, name in cards:
        drawn = np.asarray(Image.open(io.BytesIO(b64decode(source))))
        raw = np.frombuffer(b64decode(logged[name]["inputs"]["array"]), np.uint8)
        assert np.array_equal(drawn, raw.reshape(28, 28))
    assert "<script" not in text
    assert "http" not in text
    well_formed(text)


def test_a_picture_is_a_matrix_of_bytes_however_it_was_sent(pictured) -> None:
    picture = np.arange(784).astype(np.uint8).reshape(28, 28)
    by_array = pictured(picture)["inputs"]
    by_name = {"values": {"image": b64encode(picture.tobytes()).decode()}}
    as_rows = {"values": {"image": picture.tolist()}}
    for inputs in (by_array, by_name, as_rows):
        found = pixels(DIGITS, inputs)
        assert found is not None
        assert np.array_equal(found, picture)
    assert pixels(DIGITS, {**by_name, "redacted": ["image"]}) is None
    assert pixels(DIGITS, {"values": {"image": "cut"}}) is None
    assert pixels(CHURN, {"values": dict(CHURN.examples[0])}) is None
    assert pixels(catalog.features("diabetes"), {"values": {}}) is None


def bank(age: float = 42, at: float = AT, sure: float = 0.9, **inputs):
    from kaizen.events.schema import event_id, new_id

    request = new_id()
    values = {**CHURN.examples[0], "Age": age}
    return {
        "id": event_id(request, 0), "time": at, "usecase": "churn", "version": "1",
        "request": request, "row": 0, "trace": None, "latency_ms": 1.0,
        "inputs": {"values": values, **inputs},
        "outputs": {"probabilities": pack(np.array([[sure, 1 - sure]], np.float32))[0]},
        "response": {"exited": False, "probability": 1 - sure, "confidence": sure},
        "confidence": sure,
    }  # fmt: skip


@pytest.fixture(scope="module")
def bank_rules() -> Rules:
    random = np.random.default_rng(0)
    size = 1200
    rows = pd.DataFrame([CHURN.examples[0]] * size)
    for name in ("Age", "Balance", "EstimatedSalary"):
        rows[name] = random.uniform(20, 200_000 if name != "Age" else 80, size)
    rows["Geography"] = random.choice(["France", "Germany"], size)
    rows["exited"] = random.integers(0, 2, size)
    rows["probability"] = random.uniform(0, 1, size)
    rows["confidence"] = random.uniform(0.5, 1, size)
    rows.loc[0, "Balance"] = 0
    return Rules(
        Profile.fit(
            rows, categorical=["exited"], confidence="confidence", window=100, seed=0, draws=1999
        )
    )


def test_a_table_names_the_odd_column_and_redacted_values_stay_redacted(
    tmp_path: Path, bank_rules: Rules
) -> None:
    hidden = bank(at=AT + 2, sure=0.501, redacted=["Age", "Geography"])
    hidden["inputs"]["values"] |= {"Age": None, "Geography": "5f4dcc3b5aa765d61d8327deb882cf99"}
    events = [bank(at=AT), bank(age=99, at=AT + 1), hidden]
    rows = [Labelled(event, None) for event in events[:2]]
    rows.append(Labelled(hidden, said(hidden, True)))
    found = gather(CHURN, rows, lambda _: bank_rules, newest=3, at=AT)
    flags = {entry.time - AT: [flag.rule for flag in entry.flags] for entry in found.entries}
    # What is hidden is neither missing nor unseen, the low confidence is told all the same.
    assert flags == {0: [], 1: ["range"], 2: ["contradicted", "confidence"]}
    assert "not whole in the log" in found.entries[0].note
    assert found.entries[0].inputs == hidden["inputs"]
    page = gallery_page.html(CHURN, found)
    assert '<td class="odd">99</td>' in page
    assert page.count("<td>redacted</td>") == 2 * 2
    assert "5f4dcc3b" not in page
    assert "<img" not in page
    well_formed(page)


def test_without_a_profile_only_labels_are_looked_at(pictured) -> None:
    events = [pictured(sure=0.1, at=AT), pictured(digit=4, at=AT + 1)]
    rows = [Labelled(events[0], None), Labelled(events[1], said(events[1], 9))]
    found = gather(DIGITS, rows, lambda _: None, newest=2, at=AT)
    assert [[flag.rule for flag in entry.flags] for entry in found.entries] == [
        ["contradicted"],
        [],
    ]
    assert "v3 has no drift profile" in found.entries[1].note


def test_one_row_that_cannot_be_read_spoils_no_other(rules: Rules, pictured) -> None:
    odd = pictured(at=AT, inputs={"values": {"image": "not base64"}})
    unsure = pictured(sure=0.3, at=AT + 1)
    rows = [Labelled(odd, None), Labelled(unsure, None)]
    found = gather(DIGITS, rows, lambda _: rules, newest=0, at=AT)
    assert [entry.id for entry in found.entries] == [unsure["id"]]
    page = gallery_page.html(DIGITS, gather(DIGITS, rows, lambda _: rules, newest=2, at=AT))
    assert page.count("<img") == 2  # the flagged one, twice; the odd one is in a table
    assert "<td>not base64</td>" in page


def test_what_clients_sent_is_text_on_the_page(bank_rules: Rules) -> None:
    event = bank()
    event["inputs"]["values"]["Surname"] = "<script>alert(1)</script>"
    found = gather(CHURN, [Labelled(event, None)], lambda _: bank_rules, newest=1, at=AT)
    page = gallery_page.html(CHURN, found)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_old_galleries_go_and_half_ones_are_never_seen(tmp_path: Path) -> None:
    empty = Gallery(usecase="digits", at=AT, looked=0, newest=0, entries=())
    pages = [keep(tmp_path, empty.model_copy(update={"at": AT + n}), "<p>") for n in range(23)]
    assert [page.exists() for page in pages] == [False] * 3 + [True] * 20
    left = pages[-1].parent.parent / ".20260101.abcdefgh"
    left.mkdir()
    prune(left.parent)
    assert left.exists(), "its writer may be alive"
    hours_ago = time.time() - 2 * 3600
    os.utime(left, (hours_ago, hours_ago))
    prune(left.parent)
    assert not left.exists()


@pytest.mark.parametrize("step", [1, 2])
def test_killed_in_the_middle_nothing_is_there(tmp_path: Path, step: int) -> None:
    child = os.fork()
    if child == 0:
        left = [step]
        real = os.fsync

        def fsync(descriptor: int) -> None:
            left[0] -= 1
            if not left[0]:
                os._exit(9)
            real(descriptor)

        os.fsync = fsync
        keep(tmp_path, Gallery(usecase="d", at=AT, looked=0, newest=0, entries=()), "<p>")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9
    assert not [path for path in (tmp_path / "galleries/d").iterdir() if path.name[0] != "."]


def test_a_use_case_of_other_bytes_is_no_picture(pictured) -> None:
    class Vectors:
        array = ArraySpec("uint8", (784,))

    assert pixels(Vectors(), pictured()["inputs"]) is None
    assert replace(ArraySpec("uint8", (2, 2))).row_bytes == 4
