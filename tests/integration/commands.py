"""Runs ``kaizen`` commands one after another in one process, so that libraries load once.

Each line of standard input is a JSON list of words, each line of the file descriptor named by the
first argument what came of it: exit code, standard output and standard error.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from kaizen.cli.main import main


def run(words: Sequence[str]) -> dict[str, object]:
    """``kaizen`` with ``words``, as the console script runs it."""
    sys.argv = ["kaizen", *words]
    code: object = 0
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with _written(1, out), _written(2, err):
            try:
                main()
            except SystemExit as end:
                code = end.code or 0
        return {"code": code, "out": _read(out), "err": _read(err)}


@contextmanager
def _written(number: int, file: IO[bytes]) -> Iterator[None]:
    """What is written to a file descriptor meanwhile goes to ``file``, also what children write."""
    stream = {1: sys.stdout, 2: sys.stderr}[number]
    stream.flush()
    kept = os.dup(number)
    os.dup2(file.fileno(), number)
    try:
        yield
    finally:
        stream.flush()
        os.dup2(kept, number)
        os.close(kept)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


if __name__ == "__main__":
    with os.fdopen(int(sys.argv[1]), "w", encoding="utf-8") as answers:
        for line in sys.stdin:
            json.dump(run(json.loads(line)), answers)
            answers.write("\n")
            answers.flush()
