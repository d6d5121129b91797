"""``kaizen gallery`` on the service of the main job: what was asked is what is shown."""

from __future__ import annotations

import io
import json
import re
from base64 import b64decode, b64encode
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.integration


def test_the_page_shows_what_was_asked_and_flags_what_is_no_digit(job, laptop, tmp_path) -> None:
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (28, 28)).astype(np.uint8)
    answer = httpx.post(
        f"{job.json['url']}/predict",
        json={"rows": [{"image": b64encode(noise.tobytes()).decode()}]},
        timeout=30,
    )
    assert answer.status_code == httpx.codes.OK, answer.text
    asked = answer.json()["predictions"][0]["id"]
    page = tmp_path / "digits.html"
    made = laptop.kaizen("gallery", "digits", "--last", "5", "--out", str(page), "--json")
    assert made.code == 0, made.err
    assert made.json["page"] == str(page)
    log = laptop.kaizen("events", "digits", "-n", "1000", "--json").json["events"]
    logged = {event["id"]: event for event in log}
    twin = json.loads(Path(made.json["json"]).read_text(encoding="utf-8"))
    assert [entry["id"] for entry in twin["entries"][:5]] == [each["id"] for each in log[:-6:-1]]
    for entry in twin["entries"]:
        event = logged[entry["id"]]
        for name in ("time", "version", "confidence", "response", "inputs"):
            assert entry[name] == event[name]
    (newest, *_) = twin["entries"]
    assert newest["id"] == asked
    # Half of its pixels are ink, a digit has less than a third.
    assert "range" in {flag["rule"] for flag in newest["flags"]}
    text = page.read_text(encoding="utf-8")
    source = re.search(r"data:image/png;base64,([^\"]+)", text)
    assert source is not None
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(b64decode(source[1])))), noise)


def test_nothing_to_show_and_a_wrong_name_are_said_in_one_line(laptop) -> None:
    empty = laptop.kaizen("gallery", "diabetes")
    assert empty.code == 1
    assert "no predictions of diabetes to show" in empty.err
    wrong = laptop.kaizen("gallery", "digts")
    assert wrong.code == 2
    assert "did you mean 'digits'?" in wrong.err
