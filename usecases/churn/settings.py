"""What can be chosen for churn: where the data comes from, the family, and its hyper-parameters."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kaizen.core.config import Frozen
from kaizen.modeling.generated_data import Generated

Family = Literal["logistic", "tree", "forest", "bayes", "neighbours", "svm", "mlp"]


class Data(Generated):
    """Where the customers come from."""


class Logistic(Frozen):
    """Logistic regression: ``c`` is the inverse strength of its L2 penalty."""

    c: float = Field(1.0, gt=0)


class Tree(Frozen):
    """A decision tree: at most so deep, no leaf with fewer rows."""

    depth: int = Field(7, ge=1, le=64)
    leaf: int = Field(20, ge=1)


class Forest(Frozen):
    """A random forest: so many trees, no leaf with fewer rows."""

    trees: int = Field(100, ge=1, le=2000)
    leaf: int = Field(5, ge=1)


class Bayes(Frozen):
    """Gaussian naive Bayes: share of the largest variance that is added to all."""

    smoothing: float = Field(1e-3, gt=0)


class Neighbours(Frozen):
    """The k nearest neighbours, each with one vote."""

    k: int = Field(25, ge=1)


class Svm(Frozen):
    """A support vector machine with an RBF kernel, its probabilities by Platt's scaling."""

    c: float = Field(1.0, gt=0)


class Mlp(Frozen):
    """A multi-layer perceptron.

    Attributes:
        hidden: widths of its layers.
        alpha: strength of its L2 penalty.
        epochs: at most; it ends when its loss falls no more.
    """

    hidden: tuple[int, ...] = Field((32, 16), min_length=1)
    alpha: float = Field(1e-2, ge=0)
    epochs: int = Field(60, ge=1)


class Params(Frozen):
    """Hyper-parameters: those of the chosen family count, the others are not looked at."""

    family: Family = "forest"
    logistic: Logistic = Logistic()
    tree: Tree = Tree()
    forest: Forest = Forest()
    bayes: Bayes = Bayes()
    neighbours: Neighbours = Neighbours()
    svm: Svm = Svm()
    mlp: Mlp = Mlp()
