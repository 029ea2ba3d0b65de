"""What the owner lets be drawn, and the coins of what was finished before."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from annotations.models import Project, QueueEntry, StreamRules
from annotations.services.changes import item_changes
from annotations.services.ruling import rules_set
from annotations.stream.coin import UniformStream, is_drawn
from ledger.errors import invalid

FIELDS = ("share", "models_alone", "chosen_share")
PLACES = 4  # of a share: counters are kept apart by it
STRIDE = 5000  # items whose coins are thrown at a time
BATCH = 200  # drawn items in one transaction


def stream_rules_of(project: Project) -> StreamRules:
    """The project's rules; where its owner has set none, unsaved ones that draw nothing."""
    found = StreamRules.objects.filter(project=project).first()
    return found or StreamRules(project=project, seed=secrets.randbits(62))


def stream_rules_change(*, project: Project, actor: User, values: Mapping[str, Any]) -> tuple[StreamRules, bool]:
    """Change some or all of the rules; (the rules, whether anything changed). What was drawn stays as it was drawn.

    They hold for what is finished from then on. When the uniform stream is switched on for the first time, what is
    finished already follows in the background (``stream_walk``). Raises ``DomainError``: 400 naming the fields at
    fault, 409 where the project is closed.
    """
    shares = {name: round(values[name], PLACES) for name in ("share", "chosen_share") if name in values}
    return rules_set(
        project=project,
        actor=actor,
        kind="stream.rules_changed",
        rules_of=stream_rules_of,
        values={**values, **shares},
        fields=FIELDS,
        check=_check,
    )


def _check(rules: StreamRules) -> None:
    try:
        rules.clean_fields(exclude=["project", "seed"])
    except ValidationError as error:
        fields = {name: [str(text) for text in texts] for name, texts in error.message_dict.items()}
        name, texts = next(iter(fields.items()))
        raise invalid(f"{name}: {texts[0]}", fields=fields) from None
    if rules.share and rules.began_at is None:
        rules.began_at = rules.walk_since = timezone.now()


def projects_to_walk() -> list[int]:
    """Projects in which finished items wait for their coins."""
    return list(StreamRules.objects.filter(walk_since__isnull=False).order_by("pk").values_list("pk", flat=True))


def stream_walk(*, project_id: int) -> int:
    """Throw the coins of all items that are finished; how many came down for a check or had done so before.

    Small transactions; may die anywhere and run twice: an item's coin falls the same again.
    """
    rules = StreamRules.objects.select_related("project").filter(pk=project_id, walk_since__isnull=False).first()
    if rules is None:
        return 0
    found, last = 0, 0
    stream = UniformStream(rules.share, rules.models_alone, rules.seed)
    entries = QueueEntry.objects.filter(project_id=project_id).order_by("item_id")
    while item_ids := list(entries.filter(item_id__gt=last).values_list("item_id", flat=True)[:STRIDE]):
        drawn = [item_id for item_id in item_ids if is_drawn(item_id, stream)]
        for first in range(0, len(drawn), BATCH):
            with item_changes(project=rules.project, item_ids=drawn[first : first + BATCH]) as changes:
                for item_id in changes.items:
                    changes.throw(item_id=item_id)
        found += len(drawn)
        last = item_ids[-1]
    StreamRules.objects.filter(pk=project_id, walk_since=rules.walk_since).update(walk_since=None)
    return found
