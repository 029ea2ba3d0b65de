"""Making probe sets: from templates, from the project's gold, from an uploaded file. Each is frozen when it is made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import F, Func, IntegerField
from django.utils.translation import gettext as _

from annotations.importing.formats import check_head, claimed_format
from annotations.importing.readers import open_reader
from annotations.modalities.base import canonical
from annotations.models import Item, LabelSchema, Project
from annotations.services.holding import project_held
from fairness.audits.files import project_catalogue
from fairness.audits.limits import MAX_PROBES, MAX_SETS, MAX_UPLOAD
from fairness.audits.uploading import uploaded_probes
from fairness.models import Probe, ProbeKind, ProbeSet
from fairness.probes.catalogue import Task
from fairness.probes.families import drawn
from ledger.errors import DomainError, invalid
from ledger.services import actor_of, record

PROJECT_TASK = "project"


def set_from_templates(
    *,
    project: Project,
    by: Any,
    tasks: Sequence[str],
    attributes: Sequence[str],
    families: int = 10,
    seed: int = 0,
    name: str = "",
) -> ProbeSet:
    """``families`` families of each task × attribute of the catalogue. The same choices give the same set.

    Raises ``DomainError`` (400) where a task or an attribute is not known, or the set would be too large.
    """
    catalogue = project_catalogue(project)
    for field, chosen, known in (("tasks", tasks, catalogue.tasks), ("attributes", attributes, catalogue.attributes)):
        missing = [key for key in chosen if key not in known]
        if missing or not chosen:
            text = _("Choose from %(known)s.") % {"known": ", ".join(known)}
            raise invalid(text, fields={field: [text]})
    if not 1 <= families <= 1000:
        text = _("Between 1 and 1,000 families of each task and attribute can be asked.")
        raise invalid(text, fields={"families": [text]})
    tasks, attributes = list(dict.fromkeys(tasks)), list(dict.fromkeys(attributes))
    made = drawn(catalogue, tasks=tasks, attributes=attributes, families=families, seed=seed)
    probes = [
        Probe(number=number, task=one.task, family=one.family, payload={"text": one.text}, truth=one.truth,
              groups=dict(one.groups))
        for number, one in enumerate(made)
    ]  # fmt: skip
    spec = {"tasks": tasks, "attributes": attributes, "families": families, "seed": seed}
    name = name or _("%(count)s templates × %(attributes)s") % {
        "count": len(tasks) * families,
        "attributes": ", ".join(catalogue.attributes[key].name.lower() for key in attributes),
    }
    questions = {key: _question(catalogue.tasks[key]) for key in tasks}
    return _freeze(project, by, ProbeKind.TEMPLATES, name, spec, questions, probes)


def _question(task: Task) -> dict[str, Any]:
    return {
        "name": task.name,
        "task_type": "single_choice",
        "config": dict(task.config),
        "guidelines": task.guidelines,
        "favourable": task.favourable,
    }


def set_from_gold(*, project: Project, by: Any, count: int = 500, seed: int = 0, name: str = "") -> ProbeSet:
    """Up to ``count`` gold items, drawn by ``seed``, with the groups that the project watches.

    Raises ``DomainError``: 409 where there is no gold.
    """
    if not 1 <= count <= MAX_PROBES:
        text = _("Between 1 and %(most)s items can be asked about.") % {"most": f"{MAX_PROBES:,}"}
        raise invalid(text, fields={"count": [text]})
    watched = set(project.attributes.values_list("name", flat=True))
    items = _gold(project, count, seed)
    if not items:
        text = _("There is no gold in this project. Import items with gold labels, or take templates.")
        raise DomainError("no_gold", text)
    probes = [
        Probe(number=number, task=PROJECT_TASK, modality=item.modality, payload=item.payload, truth=item.gold,
              groups={name: group for name, group in item.groups.items() if name in watched}, item_id=item.pk)
        for number, item in enumerate(items)
    ]  # fmt: skip
    name = name or _("%(count)s gold items") % {"count": len(probes)}
    return _freeze(project, by, ProbeKind.GOLD, name, {"count": count, "seed": seed}, _own(), probes)


def _gold(project: Project, count: int, seed: int) -> Sequence[Item]:
    """A stretch of the ring of gold items (see ``Item``), which is shuffled once for all: two short index scans."""
    ring = Func(F("id"), function="hashint8", output_field=IntegerField())
    gold = Item.objects.filter(project=project, gold__isnull=False).annotate(place=ring).order_by("place", "id")
    start = int.from_bytes(hashlib.blake2s(str(seed).encode(), digest_size=4).digest(), "big", signed=True)
    found = list(gold.filter(place__gte=start)[:count])
    return found + list(gold.filter(place__lt=start)[: count - len(found)])


def set_from_upload(
    *, project: Project, by: Any, stream: BinaryIO, filename: str, format_name: str = "", name: str = ""
) -> ProbeSet:
    """The rows of a CSV or JSONL file with the columns ``text``, ``truth``, perhaps ``family``, and one for each group.

    Raises ``DomainError`` (400) with the rows at fault: of a bad file nothing is kept.
    """
    head = stream.read(512)
    stream.seek(0, 2)
    if stream.tell() > MAX_UPLOAD:
        text = _("The file is larger than %(most)s MB. A probe set is small: take a sample.")
        text %= {"most": MAX_UPLOAD // 1024 // 1024}
        raise invalid(text, fields={"file": [text]})
    stream.seek(0)
    kind = claimed_format(filename, format_name)
    check_head(kind, head)
    schema = LabelSchema.objects.get(project=project, is_current=True)
    probes = uploaded_probes(open_reader(kind, stream), schema=schema, task=PROJECT_TASK, most=MAX_PROBES)
    name = name or filename
    return _freeze(project, by, ProbeKind.UPLOADED, name, {"file": filename[:200]}, _own(), probes)


def _own() -> dict[str, Any]:
    """The project's question: as it is when it is asked."""
    return {PROJECT_TASK: {"name": "", "own": True}}


def _freeze(
    project: Project,
    by: Any,
    kind: ProbeKind,
    name: str,
    spec: Mapping[str, Any],
    tasks: Mapping[str, Any],
    probes: list[Probe],
) -> ProbeSet:
    """The set, or the equal one that there is already."""
    if len(probes) > MAX_PROBES:
        text = _("The set would have %(count)s probes; at most %(most)s can be asked about. Choose fewer families.")
        raise invalid(text % {"count": f"{len(probes):,}", "most": f"{MAX_PROBES:,}"})
    made = content_hash(tasks, probes)
    families = len({probe.family for probe in probes if probe.family})
    with transaction.atomic():
        project_held(project)
        known = ProbeSet.objects.filter(project=project, content_hash=made).first()
        if known is not None:
            return known
        if ProbeSet.objects.filter(project=project).count() >= MAX_SETS:
            raise DomainError("too_many_sets", _("A project has at most %(most)s probe sets.") % {"most": MAX_SETS})
        frozen = ProbeSet.objects.create(
            project=project, kind=kind, name=name[:120], spec=spec, tasks=tasks, content_hash=made, size=len(probes),
            families=families, created_by=by,
        )  # fmt: skip
        for probe in probes:
            probe.probe_set = frozen
        Probe.objects.bulk_create(probes, batch_size=1000)
        data = {"kind": kind.value, "probes": len(probes), "families": families, "hash": made}
        record(kind="audit.set_made", actor=actor_of(by), subject=f"probe_set:{frozen.pk}", project_id=project.pk,
               data=data)  # fmt: skip
    return frozen


def content_hash(tasks: Mapping[str, Any], probes: Iterable[Probe]) -> str:
    """SHA-256 (hex) over the questions and every probe."""
    whole = hashlib.sha256(canonical(tasks).encode())
    for probe in probes:
        row = [probe.number, probe.task, probe.family, probe.modality, probe.payload, probe.truth, probe.groups]
        whole.update(canonical(row).encode() + b"\n")
    return whole.hexdigest()
