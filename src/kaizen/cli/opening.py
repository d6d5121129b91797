"""What comes before every command: its project, and a state folder of the layout known here."""

from __future__ import annotations

import sys
from typing import Any

import typer
from typer.core import TyperCommand

from kaizen.core import environment, layout

_ANY_LAYOUT = frozenset({"down", "doctor", "new"})
"""They must work where a migration is refused, or have nothing to do with the folder."""
_ONLY_LOOK = frozenset(
    {"status", "events", "why", "logs", "gc", "alerts list", "keys list", "stack list"}
)
"""They make no folder where there is none."""


_NO_PROJECT = frozenset({"init"})
"""They need none."""


class OpensHome(TyperCommand):
    """A command that finds project and home first; its own ``--help`` does not."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        name = ctx.command_path.partition(" ")[2]
        if name in _NO_PROJECT:
            return super().invoke(ctx)
        state = environment.apply()
        if name == "down":
            layout.refuse_later(state)
        elif name not in _ANY_LAYOUT:
            layout.open_home(state, make=name not in _ONLY_LOOK, report=_say)
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
