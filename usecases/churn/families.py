"""The seven families of classifiers, each behind the same encoding of a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from kaizen.core.usecase import Inputs
from usecases.churn.features import CATEGORIES, NUMBERS
from usecases.churn.settings import Family, Params

UNSCALED = ("tree", "forest")
"""Families for which scale means nothing: raw numbers keep their thresholds exact in ONNX."""


def pipeline(params: Params, seed: int) -> Pipeline:
    """The family that ``params`` chooses, untrained: encoding, then the classifier."""
    scaled = "passthrough" if params.family in UNSCALED else StandardScaler()
    # The categories are given, so that a rare one that no training row has is still known.
    encoder = OneHotEncoder(categories=[list(known) for known in CATEGORIES.values()])
    encoding = ColumnTransformer(
        [("numbers", scaled, list(NUMBERS)), ("categories", encoder, list(CATEGORIES))],
        sparse_threshold=0.0,
    )
    return Pipeline([("encode", encoding), ("classify", _MAKE[params.family](params, seed))])


def frame(inputs: Inputs) -> pd.DataFrame:
    """The model's inputs as the table a pipeline takes."""
    return pd.DataFrame({name: inputs[name][:, 0] for name in (*NUMBERS, *CATEGORIES)})


def _svm(params: Params, seed: int) -> Any:
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    return CalibratedClassifierCV(SVC(C=params.svm.c), method="sigmoid", cv=folds, ensemble=False)


def _mlp(params: Params, seed: int) -> Any:
    chosen = params.mlp
    return MLPClassifier(
        chosen.hidden, alpha=chosen.alpha, max_iter=chosen.epochs, batch_size=64, random_state=seed
    )


def _forest(params: Params, seed: int) -> Any:
    chosen = params.forest
    return RandomForestClassifier(
        chosen.trees, min_samples_leaf=chosen.leaf, random_state=seed, n_jobs=1
    )


_MAKE: dict[Family, Callable[[Params, int], Any]] = {
    "logistic": lambda params, seed: LogisticRegression(
        C=params.logistic.c, max_iter=1000, random_state=seed
    ),
    "tree": lambda params, seed: DecisionTreeClassifier(
        max_depth=params.tree.depth, min_samples_leaf=params.tree.leaf, random_state=seed
    ),
    "forest": _forest,
    "bayes": lambda params, _: GaussianNB(var_smoothing=params.bayes.smoothing),
    "neighbours": lambda params, _: KNeighborsClassifier(params.neighbours.k),
    "svm": _svm,
    "mlp": _mlp,
}
