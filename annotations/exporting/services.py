"""Exports: recorded when they begin, then read row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.access import Access
from annotations.exporting.snapshot import snapshot
from annotations.exporting.tables import TABLES, Selection, open_table
from annotations.exporting.writers import WRITERS
from ledger.errors import invalid, not_found
from ledger.services import actor_of, record


@dataclass(frozen=True)
class Export:
    """A download that is ready to begin. ``blocks`` opens its snapshot when the first block is asked for."""

    filename: str
    content_type: str
    blocks: Iterator[bytes]


def export_make(
    *, access: Access, what: str, format_name: str, dataset_id: int | None = None, history: bool = False
) -> Export:
    """Record that a table is given out, and prepare it. Raises ``DomainError`` (400, 404)."""
    if what not in TABLES:
        raise _unknown("what", TABLES)
    if format_name not in WRITERS:
        raise _unknown("format", WRITERS)
    if dataset_id is not None and not access.project.datasets.filter(pk=dataset_id).exists():
        raise not_found(_("The dataset"))
    with transaction.atomic():
        record(
            kind="export.made",
            actor=actor_of(access.user),
            subject=f"project:{access.project.pk}",
            project_id=access.project.pk,
            data={"what": what, "format": format_name, "dataset": dataset_id, "history": history},
        )
    wanted = Selection(project_id=access.project.pk, what=what, dataset_id=dataset_id, history=history)
    return Export(
        filename=f"evenhand-project-{access.project.pk}-{what}.{format_name}",
        content_type=WRITERS[format_name][1],
        blocks=_blocks(wanted, format_name),
    )


def _blocks(wanted: Selection, format_name: str) -> Iterator[bytes]:
    write, _content_type = WRITERS[format_name]
    with snapshot() as source:
        yield from write(open_table(source, wanted))


def _unknown(name: str, known: Iterable[str]) -> Exception:
    text = _("“%(name)s” must be one of: %(known)s.") % {"name": name, "known": ", ".join(known)}
    return invalid(text, fields={name: [text]})
