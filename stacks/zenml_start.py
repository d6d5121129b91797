"""Brings ZenML up in this process: its store, the stack's components, and the active stack."""

from __future__ import annotations

import os
from typing import Any

from zenml.client import Client
from zenml.enums import StackComponentType

from stacks import settings
from stacks.settings import LocalStack


def activate(name: str) -> None:
    """Make ``name`` this process's stack, registering it where needed. Safe to repeat.

    The choice lives in ``ZENML_ACTIVE_STACK_ID``: no other process and no stored setting of
    ZenML changes.
    """
    chosen = settings.load(name)
    client = Client()
    orchestrator = _orchestrator(client, name, chosen)
    store = client.active_stack_model.components[StackComponentType.ARTIFACT_STORE][0]
    stacks = client.list_stacks(name=name)
    if stacks.items:
        stack = stacks.items[0]
    else:
        stack = client.create_stack(
            name,
            components={
                StackComponentType.ORCHESTRATOR: orchestrator.id,
                StackComponentType.ARTIFACT_STORE: store.id,
            },
        )
    os.environ["ZENML_ACTIVE_STACK_ID"] = str(stack.id)


def _orchestrator(client: Client, name: str, chosen: LocalStack) -> Any:
    flavor = "parallel"
    if not client.list_flavors(name=flavor, type=StackComponentType.ORCHESTRATOR).items:
        client.create_flavor(
            source="stacks.zenml_orchestrator.ParallelOrchestratorFlavor",
            component_type=StackComponentType.ORCHESTRATOR,
        )
    wanted = {"max_parallel": chosen.max_parallel}
    found = client.list_stack_components(name=name, type=StackComponentType.ORCHESTRATOR).items
    if not found:
        return client.create_stack_component(
            name, flavor, StackComponentType.ORCHESTRATOR, configuration=wanted
        )
    if found[0].configuration.get("max_parallel") != chosen.max_parallel:
        return client.update_stack_component(
            found[0].id, StackComponentType.ORCHESTRATOR, configuration=wanted
        )
    return found[0]
