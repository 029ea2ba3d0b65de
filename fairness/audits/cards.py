"""An audit as a card for publication: one record, as JSON and as Markdown. It names nobody and quotes no item: only
sentences of shipped or added templates are shown as examples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotations.models import ModelChoice, Project
from fairness.audits.leaderboard import Entry, Limits, figure_of, leaderboard
from fairness.audits.measuring import MEASURES, worst
from fairness.audits.selectors import audits_with_candidates, choices_from, flipped_families
from fairness.models import Audit, AuditCandidate, ProbeKind
from fairness.presenting import audits as shown

FORMAT = "evenhand.audit-card/1"
EXAMPLES = 3  # families with several labels, for each candidate


def caveats(audit: Audit) -> list[str]:
    """What a reader should know before relying on the figures."""
    found = [
        _("Figures hold for these probes. Other texts, languages and groups may be treated differently."),
        _(
            "The groups that lie furthest apart are picked by looking. Intervals of differences allow for that: they "
            "hold for all pairs of groups at once, and that of the largest for all attributes."
        ),
    ]
    if audit.probe_set.kind == ProbeKind.TEMPLATES:
        found.append(
            _("Templates are short, made up and in English. They stand in for the project's task where labels differ.")
        )
        found.append(_("Identities are examples: who is not among them was not looked at."))
    else:
        found.append(_("The true labels are the project's own, with what errors they have."))
    return found


def card_of(audit: Audit) -> dict[str, Any]:
    """The card; see docs/reference/api.md for its fields. A fixed number of queries for each candidate."""
    examples = {one.pk: list(_examples(one)) for one in audit.candidates.all()}
    return _card(audit, _entries(audit.candidates.all()), choices_from(audit), examples)


def cards_of(project: Project) -> dict[int, dict[str, Any]]:
    """Audit id → its card, without examples, the earliest first; as many queries however many audits there are."""
    audits = list(audits_with_candidates(project))
    entries = _entries(candidate for audit in audits for candidate in audit.candidates.all())
    choices: dict[int, list[ModelChoice]] = defaultdict(list)
    for choice in ModelChoice.objects.filter(project=project).order_by("id"):
        choices[choice.audit].append(choice)
    return {audit.pk: _card(audit, entries, choices[audit.pk], {}) for audit in audits}


def _entries(candidates: Iterable[AuditCandidate]) -> dict[int, Entry]:
    return {one.candidate.pk: one for one in leaderboard(list(candidates), Limits())}


def _card(
    audit: Audit,
    entries: Mapping[int, Entry],
    choices: Iterable[ModelChoice],
    examples: Mapping[int, list[dict[str, Any]]],
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "project": audit.project.name,
        "audit": audit.pk,
        "status": audit.status,
        "started": audit.created_at.isoformat(),
        "finished": audit.finished_at.isoformat() if audit.finished_at else None,
        "orders": audit.orders,
        "probe_set": {
            "name": audit.probe_set.name,
            "kind": audit.probe_set.kind,
            "sha256": audit.probe_set.content_hash,
            "probes": audit.probe_set.size,
            "families": audit.probe_set.families,
            "made_by": audit.probe_set.spec,
            "left_out": len(audit.left_out),
        },
        "tasks": {
            key: {
                "name": task["name"],
                "guidelines": task["guidelines"],
                "labels": [label["name"] for label in task["config"].get("labels", [])],
                "favourable": task["favourable"],
                "asked_with_the_projects_prompt": task["own"],
            }
            for key, task in audit.tasks.items()
        },
        "candidates": [
            _candidate(one, entries.get(one.pk), examples.get(one.pk, [])) for one in audit.candidates.all()
        ],
        "choices": [
            {
                "role": choice.role,
                "model": choice.name,
                "reason": choice.reason,
                "by": "person" if choice.chosen_by_id else "audit",
                "at": choice.chosen_at.isoformat(),
                "holds": choice.is_current,
            }
            for choice in choices
        ],
        "caveats": caveats(audit),
    }


def _candidate(one: AuditCandidate, entry: Entry | None, examples: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": one.pk,
        "model": one.name,
        "prompt": one.prompt_name or None,
        "prompt_sha256": one.how.get("hash"),
        "signature": one.signature,
        "facts": one.facts,
        "status": one.status,
        "reason": one.reason,
        "answered": one.answered,
        "unanswered": one.unanswered,
        "requests": one.requests,
        "prompt_tokens": one.prompt_tokens,
        "completion_tokens": one.completion_tokens,
        "cached_tokens": one.cached_tokens,
        "model_seconds": round(one.seconds, 3),
        "memory_bytes": one.memory,
        "gpu_memory_bytes": one.gpu_memory,
        "cost_per_1000_labels": None,
        "disparities": None,
        "results": one.results,
        "examples": [],
    }
    if entry is not None and one.results:
        cost = entry.cost
        if cost.value is not None:
            found["cost_per_1000_labels"] = {
                "value": cost.value, "low": cost.low, "high": cost.high, "currency": entry.currency,
            }  # fmt: skip
        found["disparities"] = {name: worst(one.results, name) for name in MEASURES}
        found["examples"] = examples
    return found


def _examples(one: AuditCandidate) -> Iterator[dict[str, Any]]:
    if not one.results or one.audit.probe_set.kind != ProbeKind.TEMPLATES:
        return
    for family in flipped_families(one)[:EXAMPLES]:
        yield {
            "task": family.task,
            "true_label": family.truth,
            "members": [{"group": m.groups, "text": m.text, "label": m.label or None} for m in family.members],
        }


# --- Markdown -------------------------------------------------------------------------------------------------------


def as_markdown(card: Mapping[str, Any]) -> str:
    """The card as a page of Markdown."""
    return "\n".join(_lines(card)).rstrip() + "\n"


def _lines(card: Mapping[str, Any]) -> Iterator[str]:
    probes = card["probe_set"]
    words = {"number": card["audit"], "project": _cell(card["project"])}
    yield from ("# " + _("Audit %(number)s of %(project)s") % words, "")
    facts = {
        _("Asked"): card["started"][:10],
        _("Probe set"): f"{probes['name']} ({probes['probes']}; SHA-256 `{probes['sha256'][:16]}…`)",
        _("Orders of the options"): card["orders"],
    }
    for name, fact in facts.items():
        yield f"- **{name}:** {_cell(fact)}"
    yield from ("", "## " + _("Results"), "")
    yield from _table(card["candidates"])
    failed = [one for one in card["candidates"] if not one["results"]]
    for one in failed:
        yield f"- {_cell(_label(one))}: {_cell(one['reason'] or _('not measured'))}"
    if card["choices"]:
        yield from ("", "## " + _("What was chosen"), "")
    for choice in card["choices"]:
        who = _("by a person") if choice["by"] == "person" else _("proposed by the audit")
        model, reason = _cell(choice["model"]), _cell(choice["reason"])
        yield f"- **{choice['role']}:** {model} ({who}, {choice['at'][:10]}). {reason}"
    for one in card["candidates"]:
        if one["results"]:
            yield from _groups(one)
    yield from ("", "## " + _("How to read this"), "")
    for caveat in card["caveats"]:
        yield f"- {caveat}"


def _table(candidates: Any) -> Iterator[str]:
    heads = [_("Model"), _("Accuracy"), _("Macro-F1"), _("Calibration error"), *map(str, shown.MEASURE_NAMES.values()),
             _("Order sensitivity"), _("Neighbour consistency"), _("Tokens a second"), _("Memory"),
             _("GPU memory"), _("Cost of 1,000 labels")]  # fmt: skip
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for one in candidates:
        if not one["results"]:
            continue
        overall = one["results"]["overall"]
        cost = one["cost_per_1000_labels"]
        cells = [
            _label(one),
            _text(shown.share(figure_of(overall["accuracy"]))),
            _text(shown.plain(figure_of(overall["macro_f1"]))),
            _text(shown.plain(figure_of(overall["calibration_error"]))),
            *(_measure(name, one["disparities"][name]) for name in MEASURES),
            _text(shown.share(figure_of(overall["order_sensitivity"]))),
            _text(shown.share(figure_of(one["results"].get("consistency", {}).get("overall")))),
            _text(shown.plain(figure_of(one["results"]["speed"]["tokens_per_second"]), 0)),
            shown.memory(one["memory_bytes"]) or _("not told"),
            shown.memory(one["gpu_memory_bytes"]) or _("not read"),
            f"{cost['value']:.4f} {cost['currency']}" if cost else "–",
        ]
        yield "| " + " | ".join(map(_cell, cells)) + " |"


def _measure(name: str, stored: Mapping[str, Any] | None) -> str:
    figure = figure_of(stored)
    text = _text(shown.share(figure) if name == "flips" else shown.difference(figure))
    return f"{text} ({figure.attribute})" if figure.attribute else text


def _groups(one: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", f"## {_cell(_label(one))}", "")
    parts = {**one["results"]["attributes"], **one["results"]["intersections"]}
    for part in shown.compared(parts):
        yield from (f"### {part.name}", "")
        heads = [_("Group"), "n", _("Accuracy"), _("Favourable"), _("True positives"), _("False positives")]
        yield "| " + " | ".join(heads) + " |"
        yield "|---|---|---|---|---|---|"
        for line in part.groups:
            cells = [line.group, line.n, _text(line.accuracy), _text(line.selection), _text(line.true_positive),
                     _text(line.false_positive)]  # fmt: skip
            yield "| " + " | ".join(map(_cell, cells)) + " |"
        yield ""


def _label(one: Mapping[str, Any]) -> str:
    return f"{one['model']} · {one['prompt']}" if one["prompt"] else str(one["model"])


def _text(figure: shown.Shown) -> str:
    return f"{figure.value} ({figure.interval})" if figure.interval else figure.text


def _cell(value: Any) -> str:
    """Text in a cell or a line: nothing in it ends the one or begins another, or is taken for markup."""
    text = " ".join(str(value).split())
    for sign in ("\\", "|", "*", "_", "[", "]"):
        text = text.replace(sign, "\\" + sign)
    return text.replace("<", "&lt;").replace(">", "&gt;")
