"""``python -m evenhand.cli`` is the same as ``evenhand``."""

from evenhand.cli.main import main

main()
