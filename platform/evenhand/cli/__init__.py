"""The ``evenhand`` command."""

from evenhand.cli.commands import main

__all__ = ["main"]
