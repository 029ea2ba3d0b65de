"""The one exception of the embedded services: what happened, why, and what to do, in sentences a person can
act on.
"""

from __future__ import annotations


class LocalError(Exception):
    """Something on this machine stops a part from working; ``str()`` is ready to be shown."""


def no_space(path: object) -> LocalError:
    return LocalError(
        f"The disk that holds {path} is full. Free some space (1 GB is comfortable) or choose another folder "
        "with EVENHAND_HOME=/path, then start again. What was saved before is safe."
    )


def not_writable(path: object, reason: str) -> LocalError:
    return LocalError(
        f"{path} cannot be written ({reason}). Choose another folder with EVENHAND_HOME=/path, "
        "or make this one writable for the user who starts Evenhand."
    )
