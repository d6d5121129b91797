from __future__ import annotations

import numpy as np

from kaizen.monitoring.drift import statistics


def test_a_row_of_the_reference_is_as_odd_as_it_would_be_if_it_were_new() -> None:
    scores = np.array([0.3, 0.1, 0.4, 0.1, 0.5, 0.9, 0.2, 0.6])
    own = statistics.surprise(scores, np.sort(scores), own=True)
    new = [
        statistics.surprise(scores[[at]], np.sort(np.delete(scores, at)))[0]
        for at in range(len(scores))
    ]
    assert np.allclose(own, new)
