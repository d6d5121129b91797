"""What the documents use case is worth: accuracy beside a simple baseline, and documents a second.

The baseline is a support vector machine on the same prepared pictures. Both learn from the same
train part and are judged on the same held-out pictures, and on the plain silhouettes.

    python -m benchmarks.documents [--folds 1] [--epochs 20] [--url URL] [--only speed]

``--url`` asks a service of ``kaizen run documents`` too. 10,000 documents a day are 0.12 a second.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC

from kaizen.core import environment
from kaizen.core.config import load
from kaizen.core.paths import home
from kaizen.core.usecase import InvalidInput
from kaizen.data.split import split
from usecases.documents import silhouettes, source, upload
from usecases.documents.model import usecase
from usecases.documents.pictures import prepare

Answer = Callable[[pd.DataFrame], NDArray[np.str_]]


def svc(train: pd.DataFrame, validation: pd.DataFrame) -> Answer:
    """A support vector machine; what the CNN has for early stopping it may learn from."""
    rows = pd.concat([train, validation])
    model = SVC(C=10).fit(_flat(rows), rows["label"].astype(str))
    return lambda frame: model.predict(_flat(frame))


def cnn(train: pd.DataFrame, validation: pd.DataFrame, epochs: int) -> Answer:
    """The use case's own model."""
    params = load("documents", settings=[f"params.epochs={epochs}"]).params
    model = usecase.train(params, train, validation, 0, lambda _: None).model
    decode = usecase.features.decode
    return lambda frame: usecase.features.answer(usecase.predict(model, decode(frame)))


def _flat(frame: pd.DataFrame) -> NDArray[np.float64]:
    return np.stack([np.frombuffer(image, np.uint8) for image in frame["image"]]) / 255


def plain() -> pd.DataFrame:
    """The silhouettes themselves, prepared as every picture is."""
    images, classes = silhouettes.load()
    return pd.DataFrame({"image": [prepare(image).tobytes() for image in images], "label": classes})


def accuracy(answer: Answer, frame: pd.DataFrame) -> float:
    """Share of right answers."""
    return float((answer(frame) == frame["label"].to_numpy()).mean())


def on_documents(epochs: int) -> None:
    """Both models on the pictures of held-out documents."""
    config = load("documents")
    parts = split(source.load(config.data), config.split)
    for name, answer in _both(parts.train, parts.validation, epochs):
        print(f"pictures in documents  {name}  {accuracy(answer, parts.holdout):.4f}", flush=True)


def on_silhouettes(folds: int, epochs: int) -> None:
    """Both models on plain silhouettes: a fifth is held out, ``folds`` times."""
    frame = plain()
    cut = StratifiedKFold(5, shuffle=True, random_state=0).split(frame, frame["label"])
    for fold, (fit, held) in zip(range(folds), cut, strict=False):
        train, stop = frame.iloc[fit[len(fit) // 8 :]], frame.iloc[fit[: len(fit) // 8]]
        for name, answer in _both(train, stop, epochs):
            share = accuracy(answer, frame.iloc[held])
            print(f"plain silhouettes, fold {fold}  {name}  {share:.4f}", flush=True)


def _both(train: pd.DataFrame, validation: pd.DataFrame, epochs: int) -> list[tuple[str, Answer]]:
    return [("SVC", svc(train, validation)), ("CNN", cnn(train, validation, epochs))]


def documents_per_second(folder: Path, read: Callable[[bytes], object], most: int = 100) -> float:
    """Documents that ``read`` takes in a second, one after the other."""
    contents = [path.read_bytes() for path in sorted(folder.glob("*.pdf"))[:most]]
    began = time.perf_counter()
    for content in contents:
        read(content)
    return len(contents) / (time.perf_counter() - began)


def speed(url: str | None) -> None:
    """How fast documents are read in this process, and by the service at ``url``."""
    folder = source.generated(load("documents").data, home())

    def prepared(content: bytes) -> None:
        with suppress(InvalidInput):
            upload.document(content, "")

    print(f"read and prepared: {documents_per_second(folder, prepared):.1f} documents a second")
    if url:
        headers = {"content-type": "application/pdf"}
        with httpx.Client(headers=headers, timeout=30, trust_env=False) as client:

            def answered(content: bytes) -> None:
                status = client.post(f"{url}/predict", content=content).status_code
                assert status in (200, 400), status

            rate = documents_per_second(folder, answered)
        print(f"answered by the service: {rate:.1f} documents a second")


def main() -> None:
    environment.apply()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--url", help="root of a running service")
    parser.add_argument("--only", choices=["speed"])
    chosen = parser.parse_args()
    if chosen.only != "speed":
        on_documents(chosen.epochs)
        on_silhouettes(chosen.folds, chosen.epochs)
    speed(chosen.url)


if __name__ == "__main__":
    main()
