"""The ``evenhand`` command."""

from evenhand.cli.main import main

__all__ = ["main"]
