"""Proof of the drift verdict: how often it errs, and what it finds.

Its processes have one thread each, as there are enough of them. Libraries read that when they are
imported, so it is said here, before any of them is; ``benchmarks/run.py`` imports this only when it
has measured everything else.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("DO_NOT_TRACK", "1")
