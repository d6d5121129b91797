"""The environment of every kaizen process, set before any library is imported.

Libraries read these variables at import and otherwise write to the user's home folder,
call their makers, or meet another installation's state. Only the standard library may be
imported here.
"""

from __future__ import annotations

import os

from kaizen.core import project
from kaizen.core.paths import Home, home
from kaizen.core.project import Project

QUIET = {
    "ZENML_ENABLE_REPO_INIT_WARNINGS": "false",
    "ZENML_ANALYTICS_OPT_IN": "false",
    "ZENML_LOGGING_COLORS_DISABLED": "true",
    "ZENML_ENABLE_RICH_TRACEBACK": "false",
    "ZENML_DISABLE_CLIENT_SERVER_MISMATCH_WARNING": "true",
    "ZENML_AUTO_OPEN_DASHBOARD": "false",
    "ZENML_EXECUTION_CONTEXT_STEP_RUN_CACHE_SIZE": "10000",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "DO_NOT_TRACK": "1",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",  # it looks into every installed package for them
    "BENTOML_DO_NOT_TRACK": "True",
    "ORT_DISABLE_TELEMETRY": "1",
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "MPLBACKEND": "Agg",
}
"""Keeps libraries quiet, and the same everywhere."""


def variables(state: Home, root: Project | None = None) -> dict[str, str]:
    """Every variable that keeps the libraries inside ``state`` and quiet.

    Args:
        root: the project; None for the one of this process.
    """
    cache, root = state.cache, root or project.current()
    return {
        **QUIET,
        **root.variables(),
        "KAIZEN_HOME": str(state.root),
        # pipelines
        "ZENML_CONFIG_PATH": str(state.zenml / "config"),
        "ZENML_LOCAL_STORES_PATH": str(state.zenml / "stores"),
        "ZENML_CUSTOM_SOURCE_ROOT": str(root.root),
        # tracking
        # serving
        "BENTOML_HOME": str(state.bentoml),
        # training
        "KERAS_HOME": str(cache / "keras"),
        "SCIKIT_LEARN_DATA": str(cache / "scikit-learn"),
        "HF_HOME": str(cache / "huggingface"),
        # notebooks
        "JUPYTER_CONFIG_DIR": str(state.root / "xdg" / "config" / "jupyter"),
        "JUPYTER_DATA_DIR": str(state.root / "xdg" / "data" / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(cache / "jupyter"),
        "IPYTHONDIR": str(cache / "ipython"),
        # drawing, and whatever follows the XDG folders
        "MPLCONFIGDIR": str(cache / "matplotlib"),
        "XDG_CACHE_HOME": str(cache / "xdg"),
        "XDG_CONFIG_HOME": str(state.root / "xdg" / "config"),
        "XDG_DATA_HOME": str(state.root / "xdg" / "data"),
        "XDG_STATE_HOME": str(state.root / "xdg" / "state"),
    }


def quiet() -> None:
    """Set what needs no project: before any library is imported, whatever comes then."""
    os.environ.update(QUIET)


def apply(state: Home | None = None) -> Home:
    """Set every variable in this process and return the state folder.

    MLflow's own variables win when they are set: ``mlflow run`` hands its store and its run
    over through them.

    Raises:
        UsageError: this process has no project.
    """
    state = state or home()
    project.current().activate()
    os.environ.update(variables(state))
    os.environ.setdefault("MLFLOW_TRACKING_URI", state.mlflow_uri)
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    return state
