"""Where a finding's page leads: the items that show it, and what can be done on the platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from annotations.access import READERS, Access
from annotations.items.selectors import INCOMPLETE
from annotations.models import GroupDemand
from annotations.raising.selectors import toll_of
from annotations.raising.words import toll_words
from fairness.models import Finding
from fairness.monitors.models import Action, Measure, Truth, Whose
from fairness.monitors.sending import SAMPLE


@dataclass(frozen=True)
class Link:
    """``action``: what deciding for it is called; empty for a list of items. ``post``: done by a button here, at this
    address, with the words on it (``button``)."""

    url: str
    title: str
    text: str = ""
    action: str = ""
    icon: str = "list"
    post: str = ""
    button: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)  # what the button sends


def shown_items(finding: Finding, *, with_givers: bool) -> list[Link]:
    """Lists of the items that show the finding. ``with_givers``: whether the reader may know what a model said."""
    monitor = finding.monitor
    asked: dict[str, Any] = {}
    of_model = with_givers and finding.annotator_id is not None
    if monitor.label:
        asked["given" if of_model else "label"] = monitor.label
    if of_model:
        asked["annotator"] = finding.annotator_id
    if with_givers and monitor.measure in (Measure.ERROR, Measure.ODDS):
        asked["against"] = "gold" if monitor.truth == Truth.GOLD else "truth"
    if with_givers and monitor.measure in (Measure.GAP, Measure.KAPPA):
        asked["against"] = "consensus"
    if monitor.measure == Measure.COMPLETENESS:
        asked = {"state": INCOMPLETE}
    return [_items(finding, asked, group) for group in finding.certificate["groups"] or [""]]


def _items(finding: Finding, asked: dict[str, Any], group: str) -> Link:
    if group:
        asked = {**asked, "group": f"{finding.monitor.attribute}:{group}"}
    url = f"{reverse('items', args=[finding.project_id])}?{urlencode(asked)}"
    if group:
        return Link(url, _("Items about %(group)s") % {"group": group})
    return Link(url, _("Items on which the label differs") if "against" in asked else _("The items"))


def remedies(finding: Finding, access: Access) -> list[Link]:
    """What can be done about it here, as far as this person may open it."""
    group = finding.certificate["groups"][-1] if finding.certificate["groups"] else _("all groups")
    of_model = finding.monitor.whose == Whose.MODEL and access.role in READERS
    first, last = _for_the_model(finding.project_id, group) if of_model else ([], [])
    return [*first, *_for_people(finding, group, access), *last]


def _for_the_model(project: int, group: str) -> tuple[list[Link], list[Link]]:
    """What may help at once, and what takes longer."""
    prompt = _("Say what is asked more clearly, or show examples of %(group)s. The new prompt is watched anew.")
    model = _("Start a run of another model on the items that are left; Trust says how the models did so far.")
    tune = _("Export the consensus, take its settled items of %(group)s, and train the model with them elsewhere.")
    named = {"group": group}
    at_once = [
        Link(reverse("run_prompts", args=[project]), _("Change the prompt"), prompt % named, Action.PROMPT, "edit"),
        Link(reverse("runs", args=[project]), _("Switch the model"), model, Action.MODEL, "cpu"),
    ]
    return at_once, [Link(reverse("exports", args=[project]), _("Fine-tune"), tune % named, Action.TUNE, "sparkle")]


def _for_people(finding: Finding, group: str, access: Access) -> list[Link]:
    found, project = [], finding.project_id
    found += [_more_labels(finding, one) for one in finding.certificate["groups"] if access.can_manage]
    if access.can_manage:
        text = _("For the whole project: serve items balanced over groups, so that those about %(group)s come as often "
                 "as others, or ask for more labels of each item.")  # fmt: skip
        url, title = reverse("project_setting_serving", args=[project]), _("Serve groups alike")
        found.append(Link(url, title, text % {"group": group}, Action.PEOPLE, "users"))
    return [*found, _for_experts(finding, access)]


def _more_labels(finding: Finding, group: str) -> Link:
    """More labels of people for the items of one group, with what that takes at most."""
    project, attribute = finding.project, finding.monitor.attribute
    asked: dict[str, Any] = {"attribute": attribute, "group": group, "more": 1}
    url = f"{reverse('project_setting_more', args=[project.pk])}?{urlencode(asked)}"
    title = _("Collect more people’s labels of %(group)s") % {"group": group}
    if GroupDemand.objects.filter(project=project, attribute=attribute, group=group, ended_at__isnull=True).exists():
        text = _("Its items get more labels already. You can end that, and ask for another number.")
        return Link(reverse("project_setting_more", args=[project.pk]), title, text, Action.PEOPLE, "users")
    text = _("One label more for each of its items. %(toll)s") % {"toll": toll_words(toll_of(project, **asked))}
    post = reverse("fairness_finding_raise", args=[project.pk, finding.pk])
    return Link(url, title, text, Action.PEOPLE, "users", post, _("Collect one more of each"), {"group": group})


def _for_experts(finding: Finding, access: Access) -> Link:
    url, title, sent = reverse("cases", args=[finding.project_id]), _("Send to experts"), len(finding.sent)
    if sent:
        text = _("%(number)s items were sent. Experts settle them in their queue.") % {"number": sent}
        return Link(url, title, text, Action.EXPERTS, "gavel")
    if not access.can_manage:
        text = _("Where people or a model disagree a case is open already. An owner can send others of the items.")
        return Link(url, title, text, Action.EXPERTS, "gavel")
    text = _("Where people or a model disagree a case is open already. Of the others, up to %(most)s of each group "
             "that is named, drawn from several places, are sent to experts.") % {"most": SAMPLE}  # fmt: skip
    post = reverse("fairness_finding_send", args=[finding.project_id, finding.pk])
    return Link(url, title, text, Action.EXPERTS, "gavel", post, _("Send a sample"))
