"""Numbers counted on uneven edges, exactly, at some ten nanoseconds each.

A search among 128 edges mispredicts a branch at every step. Here a number's cell of an even grid
is computed, and the grid knows how many edges lie before that cell, and the one within it. The
cell never decreases with the number, whatever is rounded: so a number in a cell above an edge's is
above the edge, and only within the edge's own cell are the two compared. Numbers in cells with
several edges are searched for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kaizen.monitoring.drift.statistics import Floats

CELLS = 2_048
"""More of them find fewer edges together, and fall out of the fastest cache."""

CROWDED = 255
"""More than there are edges: columns have 128."""

_ALL_BUT_SIGN = np.int64(0x7FFFFFFFFFFFFFFF)


@dataclass(frozen=True)
class Grid:
    """The edges of one column, ready to be counted on.

    Attributes:
        edges: ascending, finite.
        folded: numbers are laid out by their bits, as by a logarithm, and not as they are.
        low, high, scale: of the even grid.
        before: (CELLS,) how many edges lie in lower cells; :data:`CROWDED` where the cell has
            several itself.
        within: (CELLS,) the edge of the cell, inf where there is none, or several.
        crowded: edges in crowded cells.
    """

    edges: Floats
    folded: bool
    low: float
    high: float
    scale: float
    before: NDArray[np.uint8]
    within: Floats
    crowded: int

    def count(self, values: Floats) -> NDArray[np.int64]:
        """How many are at most the first edge, ..., beyond the last: (edges + 1,). None is NaN."""
        cells = _cells(values, self.folded, self.low, self.high, self.scale)
        found = np.take(self.before, cells, mode="clip")
        found += (values > np.take(self.within, cells, mode="clip")).view(np.uint8)
        if self.crowded:
            unsure = np.flatnonzero(found == CROWDED)
            found[unsure] = np.searchsorted(self.edges, values[unsure], side="left")
        return np.bincount(found, minlength=len(self.edges) + 1)


def grid(edges: Floats) -> Grid:
    """The layout in which fewest of ``edges`` (ascending, finite, one or more) share a cell."""
    return min((_grid(edges, folded) for folded in (False, True)), key=lambda one: one.crowded)


def _grid(edges: Floats, folded: bool) -> Grid:
    laid = _folded(edges) if folded else edges
    low, high = float(laid[0]), float(laid[-1])
    with np.errstate(over="ignore", divide="ignore"):
        scale = float((CELLS - 1) / np.subtract(high, low)) if high > low else 0.0
    if not 0 < scale < np.inf:
        # One edge, or a span that is no number: everything is in one cell, and searched for.
        high, scale = low, 0.0
    cells = _cells(edges, folded, low, high, scale)
    within = np.full(CELLS, np.inf)
    within[cells] = edges
    times = np.bincount(cells, minlength=CELLS)
    within[times > 1] = np.inf
    before = np.searchsorted(cells, np.arange(CELLS), side="left").astype(np.uint8)
    before[times > 1] = CROWDED
    return Grid(edges, folded, low, high, scale, before, within, int(times[times > 1].sum()))


def _cells(values: Floats, folded: bool, low: float, high: float, scale: float) -> NDArray[np.intp]:
    places = np.clip(_folded(values) if folded else values, low, high)
    with np.errstate(over="ignore", invalid="ignore"):
        places -= low
        places *= scale
        return places.astype(np.intp)


def _folded(values: Floats) -> Floats:
    """Numbers in the same order, as far apart as their bits are (Knuth's signed magnitudes)."""
    # -0.0 + 0.0 is 0.0: the two are equal, their bits are not.
    bits = (values + 0.0).view(np.int64)
    return (bits ^ ((bits >> 63) & _ALL_BUT_SIGN)).astype(np.float64)
