"""How many labels more an item gets because of its groups. Pure: no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: Attribute, group, labels more: one for each group whose items get more.
Raised = tuple[str, str, int]


def more_for(groups: Mapping[str, str], raised: Sequence[Raised]) -> int:
    """Of several groups the largest counts."""
    return max((more for attribute, group, more in raised if groups.get(attribute) == group), default=0)
