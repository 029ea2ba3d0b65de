"""Consequences of a changed label: consensus, cases, outbox."""

from __future__ import annotations

from annotations.models import Case, Consensus, OutboxRow
from annotations.services.changes import item_changes
from tests.factories import add_label, make_annotator, make_items


def test_two_equal_labels_decide_and_a_third_differing_one_opens_a_case(cast):
    (item,) = make_items(cast.project)
    people = [make_annotator(cast.project) for _ in range(3)]
    add_label(item, people[0], "keep")
    assert not Consensus.objects.exists()
    add_label(item, people[1], "keep")
    consensus = Consensus.objects.get(item=item)
    assert (consensus.value, consensus.method, consensus.support) == ("keep", "unanimous", 1.0)
    add_label(item, people[2], "remove")
    consensus.refresh_from_db()
    assert (consensus.value, consensus.method) == ("keep", "majority")
    assert consensus.evidence["votes"] == {"keep": 2, "remove": 1}
    assert Case.objects.get(item=item).kind == "human_human"


def test_a_model_never_votes_but_its_dissent_opens_a_case(cast):
    (item,) = make_items(cast.project)
    add_label(item, make_annotator(cast.project, kind="model"), "remove")
    assert not Case.objects.exists()
    for _ in range(2):
        add_label(item, make_annotator(cast.project), "keep")
    assert Consensus.objects.get(item=item).value == "keep"
    assert Case.objects.get(item=item).kind == "human_model"


def test_withdrawing_the_dissent_dissolves_the_case(cast):
    (item,) = make_items(cast.project)
    first, second = make_annotator(cast.project), make_annotator(cast.project)
    add_label(item, first, "keep")
    annotation = add_label(item, second, "remove")
    assert Case.objects.get(item=item).status == "open"
    with item_changes(project=cast.project, item_ids=[item.pk]) as changes:
        annotation.status = "withdrawn"
        annotation.save()
        changes.withdraw(item_id=item.pk, annotator_id=second.pk)
    assert Case.objects.get(item=item).status == "dissolved"


def test_each_change_leaves_one_outbox_row_that_starts_where_the_last_ended(cast):
    (item,) = make_items(cast.project)
    for value in ("keep", "keep", "remove"):
        add_label(item, make_annotator(cast.project), value)
    rows = list(OutboxRow.objects.order_by("id"))
    assert len(rows) == 3
    assert [row.before for row in rows[1:]] == [row.after for row in rows[:-1]]
    assert rows[-1].after["people"] == {"keep": 2, "remove": 1}
