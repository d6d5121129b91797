"""The ``kaizen`` command: one small file per command group, heavy imports inside the commands."""
