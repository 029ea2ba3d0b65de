#!/usr/bin/env python
"""Django's command line for Evenhand."""

import os
import sys
from pathlib import Path


def main() -> None:
    root = Path(__file__).resolve().parent
    # `platform/` is a source root beside the repository root: see docs/adr/0001-platform-is-a-source-root.md.
    sys.path.insert(0, str(root / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenhand.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
