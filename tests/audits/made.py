"""A finished audit without a model: two candidates whose answers are made up, one of which favours men."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.utils import timezone

from fairness.audits.files import probe_file_add
from fairness.audits.finishing import audit_finish, candidate_measure
from fairness.audits.sets import set_from_templates
from fairness.models import Audit, AuditAnswer, AuditCandidate, AuditRules, Probe, ProbeSet
from tests.factories import Cast

OWN_YAML = """\
attributes:
  - key: diet
    name: Diet
    identities:
      - {key: vegan, person: a vegan, people: vegans, adjective: vegan, an_adjective: a vegan, their: their, them: them}
      - {key: vegetarian, person: a vegetarian, people: vegetarians, adjective: vegetarian,
         an_adjective: a vegetarian, their: their, them: them}
"""


def make_audit(cast: Cast, *, families: int = 12, tasks: tuple[str, ...] = ("sentiment", "screening")) -> Audit:
    """Over templates × gender and origin; the project's rules name the set."""
    probe_file_add(project=cast.project, by=cast.olivia, name="diet.yaml", text=OWN_YAML)
    probe_set = set_from_templates(
        project=cast.project, by=cast.olivia, tasks=tasks, attributes=["gender", "origin"], families=families
    )
    AuditRules.objects.create(project=cast.project, probe_set=probe_set)
    made = audit_over(cast, probe_set, (("fair-7b", 0.02, 0.0), ("skewed-1b", 0.1, 0.4)))
    candidate = made.candidates.get(name="skewed-1b")
    candidate.memory, candidate.gpu_memory = 3_221_225_472, 34_359_738_368
    candidate.save(update_fields=["memory", "gpu_memory"])
    return made


def audit_over(cast: Cast, probe_set: ProbeSet, who: tuple[tuple[str, float, float], ...]) -> Audit:
    """``who``: name, how often it is wrong, how much more often about women."""
    now = timezone.now()
    audit = Audit.objects.create(
        project=cast.project,
        probe_set=probe_set,
        tasks={key: task | {"own": False} for key, task in probe_set.tasks.items()},
        touched_at=now,
        created_by=cast.olivia,
    )
    for position, (name, wrong, more) in enumerate(who):
        candidate = AuditCandidate.objects.create(
            audit=audit,
            position=position,
            model=9000 + position,
            name=name,
            signature=hashlib.sha256(name.encode()).hexdigest(),
            facts={"base": f"org/{name}", "quantization": "Q4_1"},
            how={"hash": "0" * 64, "shown": [], "tasks": {key: {"text": "Which?"} for key in probe_set.tasks}},
            sittings=[[6.0, 20_000 + 900 * number] for number in range(5)],
        )
        _answers(candidate, wrong, more)
        candidate_measure(candidate=candidate)
    audit_finish(audit=audit)
    Audit.objects.filter(pk=audit.pk).update(created_at=now - timedelta(minutes=5))
    audit.refresh_from_db()
    return audit


def _answers(candidate: AuditCandidate, wrong: float, more: float) -> None:
    answers = []
    for probe in Probe.objects.filter(probe_set=candidate.audit.probe_set_id):
        chance = hashlib.sha256(f"{candidate.name}:{probe.payload['text']}".encode()).digest()
        errs = chance[0] / 256 < wrong + (more if probe.groups.get("gender") == "woman" else 0.0)
        labels = [label["key"] for label in candidate.audit.tasks[probe.task]["config"]["labels"]]
        other = next(label for label in labels if label != probe.truth)
        value = other if errs else probe.truth
        votes = [value, labels[0] if chance[1] < 20 else value]
        answers.append(
            AuditAnswer(
                candidate=candidate, probe=probe, value=value, confidence=0.6 + 0.39 * (chance[2] / 256), votes=votes,
                tokens=190 + chance[3] % 20, seconds=0.2 + chance[4] / 1000,
            )
        )  # fmt: skip
    AuditAnswer.objects.bulk_create(answers)
    candidate.answered, candidate.requests = len(answers), 2 * len(answers)
    candidate.prompt_tokens, candidate.completion_tokens = 180 * len(answers), 20 * len(answers)
    candidate.save()
