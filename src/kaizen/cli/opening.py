"""What comes before every command: the state folder has the layout that this kaizen knows."""

from __future__ import annotations

import sys
from typing import Any

import typer
from typer.core import TyperCommand

from kaizen.core import layout
from kaizen.core.paths import home

_ANY_LAYOUT = frozenset({"down", "doctor", "new"})
"""They must work where a migration is refused, or have nothing to do with the folder."""
_ONLY_LOOK = frozenset(
    {"status", "events", "why", "logs", "gc", "alerts list", "keys list", "stack list"}
)
"""They make no folder where there is none."""


class OpensHome(TyperCommand):
    """A command that looks at the home's layout first; its own ``--help`` does not."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        name = ctx.command_path.partition(" ")[2]
        if name == "down":
            layout.refuse_later(home())
        elif name not in _ANY_LAYOUT:
            layout.open_home(home(), make=name not in _ONLY_LOOK, report=_say)
        return super().invoke(ctx)


def guard(app: typer.Typer) -> None:
    """Have every command of ``app``, and of the groups in it, look at the layout first."""
    for command in app.registered_commands:
        command.cls = OpensHome
    for group in app.registered_groups:
        if group.typer_instance:
            guard(group.typer_instance)


def _say(text: str) -> None:
    sys.stderr.write(f"kaizen: {text}\n")
