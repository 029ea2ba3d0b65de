"""``python -m evenhand.cli`` is the same as ``evenhand``."""

from evenhand.cli.commands import main

main()
