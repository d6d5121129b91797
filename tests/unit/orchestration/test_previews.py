"""Previews show what is in an artifact, quickly, and run nothing that is in it."""

from __future__ import annotations

import re
import struct
import time
import zlib
from base64 import b64decode

import numpy as np
import pandas as pd

from kaizen.orchestration import previews


def test_a_frame_shows_its_size_its_columns_and_its_first_rows() -> None:
    data = pd.DataFrame({"age": [1.0, 2.0, np.nan, 4.0] * 10, "name": ["<b>", "y", None, "z"] * 10})
    page = previews.frame(data)
    assert "40 rows, 2 columns" in page
    assert "<td>age</td><td>float64</td><td>25.0%</td><td>3</td><td>1</td><td>2.333</td>" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert page.count("<tr>") == 2 + 2 + previews.ROWS


def test_square_bytes_are_drawn_as_they_are() -> None:
    grey = bytes(range(256)) * 3 + bytes(16)
    page = previews.frame(pd.DataFrame({"image": [grey], "other": [b"\0" * 60]}))
    png = b64decode(re.findall(r"base64,([^\"]+)", page)[0])
    assert struct.unpack(">II", png[16:24]) == (28, 28)
    at = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[at - 4 : at])
    lines = zlib.decompress(png[at + 4 : at + 4 + length])
    assert b"".join(lines[row * 29 + 1 : row * 29 + 29] for row in range(28)) == grey
    assert "60 bytes" in page


def test_values_that_cannot_be_counted_wide_frames_and_empty_ones_are_shown() -> None:
    previews.frame(pd.DataFrame({"a": [[1], [2]], "b": [np.arange(2)] * 2}))
    assert "300 columns, the first 60 shown" in previews.frame(pd.DataFrame(np.zeros((2, 300))))
    assert "0 rows" in previews.frame(pd.DataFrame({"a": [1.0]}).iloc[:0])


def test_a_large_frame_takes_less_than_50_ms_of_processor_time() -> None:
    data = pd.DataFrame(np.random.default_rng(0).normal(size=(1_000_000, 10)))
    previews.frame(data.head(10))
    times = []
    for _ in range(3):
        begun = time.process_time()
        previews.frame(data)
        times.append(time.process_time() - begun)
    assert min(times) < 0.05
