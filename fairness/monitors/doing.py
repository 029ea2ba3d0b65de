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
from fairness.models import Finding, Monitor
from fairness.monitors.measures import MORE, TRUE_POSITIVE, side_of
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


# Whose labels, in pairs of the list of items; and what a measure holds them against.
PAIR_OF = {Whose.PEOPLE: "people", Whose.CONSENSUS: "consensus", Whose.MODEL: "model"}


def shown_items(finding: Finding, *, with_givers: bool, labels: Mapping[str, str] | None = None) -> list[Link]:
    """Lists of the items that show the finding, as many as its table counted. ``with_givers``: whether the reader may
    know what a model said and what is wrong; else the lists are of the groups. ``labels``: names of labels by key."""
    monitor = finding.monitor
    if monitor.measure == Measure.COMPLETENESS:
        asked, what = {"state": INCOMPLETE}, _("labels are missing")
    elif with_givers:
        asked, what = _asked(finding), _what(finding, (labels or {}).get(monitor.label, monitor.label))
    else:
        asked, what = _blind(finding), ""
    return [_items(finding, asked, what, group) for group in finding.certificate["groups"] or [""]]


def _items(finding: Finding, asked: Mapping[str, Any], what: str, group: str) -> Link:
    if group:
        asked = {**asked, "group": f"{finding.monitor.attribute}:{group}"}
    if what:
        title = f"{group or _('All items')}: {what}"
    else:
        title = _("Items about %(group)s") % {"group": group} if group else _("The items")
    return Link(f"{reverse('items', args=[finding.project_id])}?{urlencode(asked)}", title)


def _blind(finding: Finding) -> dict[str, Any]:
    """For who judges labels without knowing their givers: those with the label in question, of rates."""
    if finding.monitor.measure != Measure.PARITY:
        return {}
    label = finding.monitor.label
    return {"given": label, "by": "model"} if finding.annotator_id is not None else {"label": label}


def _asked(finding: Finding) -> dict[str, Any]:
    """The labels that the monitor counts, held against what it holds them against, where they speak for the finding."""
    monitor, rate = finding.monitor, finding.certificate.get("rate", "")
    label, who = monitor.label, PAIR_OF[Whose(monitor.whose)]
    of = {} if finding.annotator_id is None else {"annotator": finding.annotator_id}
    if monitor.measure == Measure.PARITY and of:
        return {"given": label, **of}
    if monitor.measure == Measure.PARITY:
        return {"pair": f"{who}:{'own' if who == 'people' else who}", "said": label}
    if monitor.measure == Measure.GAP:
        more = _side(finding) == MORE
        sides = {"truly": f"!{label}", "said": label} if more else {"truly": label, "said": f"!{label}"}
        return {"pair": f"{who}:first", **of, **sides}
    if monitor.measure == Measure.KAPPA:
        return {"pair": f"{who}:people", **of, "differs": "on"}
    held = _held(monitor, who) | of
    if monitor.measure == Measure.ERROR:
        return held | {"differs": "on"}
    found = rate == TRUE_POSITIVE
    return held | ({"truly": label, "said": f"!{label}"} if found else {"truly": f"!{label}", "said": label})


def _held(monitor: Monitor, who: str) -> dict[str, str]:
    """Whose labels, beside the truth that they are held against."""
    if monitor.truth == Truth.AUDIT:  # there people's consensus counts before all labels are there
        return {"pair": f"{'own' if who == 'people' else who}:expert", "stream": "audit"}
    # Of the consensus a settlement is no truth: it is the settlement.
    settled = monitor.truth == Truth.SETTLED and who != "consensus"
    return {"pair": f"{who}:{'truth' if settled else 'gold'}"}


def _side(finding: Finding) -> str:
    """Of a gap: whether the model gives the label more often than people, or less."""
    certificate = finding.certificate
    return str(certificate.get("rate", "")) or side_of(certificate["table"][certificate["groups"][0]])


def _what(finding: Finding, label: str) -> str:
    """What is the matter with the items of ``_asked``, in a few words."""
    measure = finding.monitor.measure
    if measure == Measure.PARITY:
        text = _("“%(label)s” was given")
    elif measure == Measure.GAP:
        more, less = _("only the model gave “%(label)s”"), _("only a person gave “%(label)s”")
        text = more if _side(finding) == MORE else less
    elif measure == Measure.ODDS:
        missed, wrong = _("“%(label)s” is right and was not given"), _("“%(label)s” is wrong and was given")
        text = missed if finding.certificate.get("rate") == TRUE_POSITIVE else wrong
    elif measure == Measure.ERROR:
        text = _("the label is wrong")
    else:
        text = _("the labels differ")
    return text % {"label": label}


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
