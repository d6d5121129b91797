"""Brings ZenML up in this process: its store, the stack's components, and the active stack."""

from __future__ import annotations

import os
from typing import Any
from warnings import warn

from kaizen.orchestration import acceleration

acceleration.import_zenml()

from zenml.client import Client  # noqa: E402 - imported the quick way above
from zenml.enums import StackComponentType  # noqa: E402

from kaizen.core import layout  # noqa: E402
from kaizen.core.paths import home  # noqa: E402
from kaizen.orchestration import local_store, stacks  # noqa: E402
from kaizen.orchestration.stacks import LocalStack  # noqa: E402

FLAVOR = "parallel"


def activate(name: str) -> None:
    """Make ``name`` this process's stack, registering it where needed. Safe to repeat.

    The choice lives in ``ZENML_ACTIVE_STACK_ID``: no other process and no stored setting of
    ZenML changes.

    Raises:
        UsageError: no such stack.
        KaizenError: the installed ZenML is not the one this was written for.
    """
    chosen = stacks.load(name)
    # A notebook may come here first: whoever makes a home says which layout it has.
    layout.open_home(home(), make=True, report=warn)
    acceleration.change_zenml()
    with local_store.alone(home()):
        local_store.start(home())
        os.environ["ZENML_ACTIVE_STACK_ID"] = str(_stack(Client(), name, chosen))


def _stack(client: Client, name: str, chosen: LocalStack) -> Any:
    """The stack's id; it is made, or changed to ``chosen``, where it is not that yet."""
    wanted = chosen.model_dump(exclude={"description"})
    found = client.list_stacks(name=name).items
    if found:
        orchestrator = found[0].components[StackComponentType.ORCHESTRATOR][0]
        if not wanted.items() <= orchestrator.configuration.items():
            client.update_stack_component(
                orchestrator.id, StackComponentType.ORCHESTRATOR, configuration=wanted
            )
        return found[0].id
    store = client.active_stack_model.components[StackComponentType.ARTIFACT_STORE][0]
    components = {
        StackComponentType.ORCHESTRATOR: _orchestrator(client, name, wanted),
        StackComponentType.ARTIFACT_STORE: store.id,
    }
    return client.create_stack(name, components=components).id


def _orchestrator(client: Client, name: str, wanted: dict[str, Any]) -> Any:
    """The id of a new orchestrator, or of one that an interrupted start has left."""
    kind = StackComponentType.ORCHESTRATOR
    if not client.list_flavors(name=FLAVOR, type=kind).items:
        source = "kaizen.orchestration.orchestrator.ParallelOrchestratorFlavor"
        client.create_flavor(source=source, component_type=kind)
    found = client.list_stack_components(name=name, type=kind).items
    if found:
        return client.update_stack_component(found[0].id, kind, configuration=wanted).id
    return client.create_stack_component(name, FLAVOR, kind, configuration=wanted).id
