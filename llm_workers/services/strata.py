"""How many items there are of each of the groups by which a probe and a trial choose their items.

Counting them reads every item, so it is done where the items of a run are chosen or a trial is carried out, and kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from annotations.models import Run
from llm_workers.estimates import Sizes

KEPT = 1000  # the largest; the items of all others count as one
OTHERS = ""

OF_RUN = """
SELECT item.groups::text, count(*) AS items
FROM llm_workers_runitem AS chosen JOIN annotations_item AS item ON item.id = chosen.item_id
WHERE chosen.run_id = %(run)s
GROUP BY 1 ORDER BY 2 DESC, 1
"""
OF_PROJECT = """
SELECT jsonb_strip_nulls(jsonb_build_object(%(attribute)s::text, item.groups ->> %(attribute)s))::text, count(*)
FROM annotations_item AS item WHERE item.project_id = %(project)s
GROUP BY 1 ORDER BY 2 DESC, 1
"""


def strata_of_run(run: Run) -> dict[str, int]:
    """Items of the run by all their groups."""
    return _counted(OF_RUN, {"run": run.pk})


def strata_of_project(project_id: int, attribute: str) -> dict[str, int]:
    """Items of the project by the groups of one attribute, those without one among them."""
    return _counted(OF_PROJECT, {"project": project_id, "attribute": attribute})


def _counted(statement: str, values: Mapping[str, Any]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found = {key_of(json.loads(groups)): items for groups, items in cursor.fetchmany(KEPT)}
        others = sum(items for _groups, items in cursor)
    return found | ({OTHERS: others} if others else {})


def key_of(groups: Mapping[str, str]) -> str:
    """The same for the same groups."""
    return json.dumps(groups, sort_keys=True, ensure_ascii=False)


def stratum_of(groups: Mapping[str, str], strata: Sizes, attribute: str = "") -> str:
    """Where an item with these groups is counted: by all of them, or by those of ``attribute``."""
    counted = {name: group for name, group in groups.items() if name == attribute} if attribute else groups
    key = key_of(counted)
    return key if key in strata else OTHERS


def left_of(strata: Sizes, ended: Iterable[str], *, left: int) -> dict[str, int]:
    """What is left of each group once the items ``ended`` (the group of each) are done with: ``left`` in all. Where the
    groups were not counted, they are one."""
    found = dict(strata)
    for name in ended:
        found[name] = max(found.get(name, 0) - 1, 0)
    return found if strata else {OTHERS: left}
