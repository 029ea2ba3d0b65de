"""What people earned: from labels whatever they say, judged against the wage, adjusted once, exported safely."""

from __future__ import annotations

import csv
import io
import uuid
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from annotations.access import Access, annotator_of
from annotations.models import Annotator, PayAdjustment
from annotations.paying.selectors import ENOUGH_TIMED, fair_pay, payments
from annotations.paying.services import pay_adjust
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import add_label, make_annotator, make_cast, make_items, make_project, make_user


@pytest.fixture
def paid(db):
    """12 EUR an hour, 10 expected seconds: a label pays 3⅓ cents. Wanda needs 20 s a label, Walt 5 s."""
    cast = make_cast(wage_per_hour=12, expected_seconds=10, redundancy=5)
    for user, milliseconds in ((cast.wanda, 20_000), (cast.walt, 5_000)):
        annotator = worker(cast, user)
        for item in make_items(cast.project, ENOUGH_TIMED):
            add_label(item, annotator, "keep", active_ms=milliseconds)
    return cast


def worker(cast, user) -> Annotator:
    return annotator_of(Access(cast.project, cast.project.memberships.get(user=user).role, user))


def owner(cast) -> Access:
    return Access(cast.project, cast.project.memberships.get(user=cast.olivia).role, cast.olivia)


def adjust(cast, annotator, **fields) -> PayAdjustment:
    given = {"amount": Decimal("1.50"), "reason": "For the training.", "request_key": uuid.uuid4()}
    return pay_adjust(access=owner(cast), annotator_id=annotator.pk, **(given | fields))


def test_each_label_is_paid_and_slow_work_is_seen_to_be_paid_short(paid):
    wanda, walt = (worker(paid, user) for user in (paid.wanda, paid.walt))
    found = {line.annotator_id: line for line in payments(paid.project)}
    assert found.keys() == {wanda.pk, walt.pk}
    assert (found[wanda.pk].base, found[wanda.pk].per_hour, found[wanda.pk].short) == (
        Decimal("0.67"),
        Decimal("6.00"),
        True,
    )
    assert (found[walt.pk].base, found[walt.pk].per_hour, found[walt.pk].short) == (
        Decimal("0.67"),
        Decimal("24.00"),
        False,
    )
    fair = fair_pay(paid.project)
    assert (fair.median_seconds, fair.per_hour, fair.short, fair.fair_seconds) == (12.5, Decimal("9.60"), True, 13)


def test_too_few_timed_labels_judge_nobody(db):
    cast = make_cast(wage_per_hour=12, expected_seconds=10)
    for item in make_items(cast.project, ENOUGH_TIMED - 1):
        add_label(item, worker(cast, cast.wanda), "keep", active_ms=60_000)
    [line] = payments(cast.project)
    assert (line.labels, line.short, fair_pay(cast.project).short) == (ENOUGH_TIMED - 1, False, False)


def test_disagreeing_costs_nothing(paid):
    """The label that everybody else contradicts is paid like theirs."""
    [item] = make_items(paid.project, 1)
    odd = worker(paid, paid.wanda)
    add_label(item, odd, "remove")
    for _ in range(3):
        add_label(item, make_annotator(paid.project), "keep")
    line = next(line for line in payments(paid.project) if line.annotator_id == odd.pk)
    assert (line.labels, line.base) == (ENOUGH_TIMED + 1, Decimal("0.70"))


def test_models_and_imported_annotators_are_paid_nothing(paid):
    [item] = make_items(paid.project, 1)
    add_label(item, make_annotator(paid.project, kind="model"), "keep")
    add_label(item, make_annotator(paid.project), "keep")
    assert len(payments(paid.project)) == 2


def test_an_adjustment_counts_once_however_often_it_is_sent(paid):
    walt, key = worker(paid, paid.walt), uuid.uuid4()
    first, again = (adjust(paid, walt, request_key=key) for _ in range(2))
    assert first == again
    line = next(line for line in payments(paid.project) if line.annotator_id == walt.pk)
    assert (line.adjustments, line.total) == (Decimal("1.50"), Decimal("2.17"))
    [event] = LedgerEvent.objects.filter(kind="pay.adjusted")
    assert event.data == {"adjustment": first.pk, "amount": "1.50"}


@pytest.mark.parametrize(
    "wrong", [{"amount": Decimal(0)}, {"amount": Decimal("0.005")}, {"reason": "  "}, {"reason": "x" * 301}]
)
def test_an_adjustment_of_nothing_or_without_a_reason_is_refused(paid, wrong):
    with pytest.raises(DomainError) as refused:
        adjust(paid, worker(paid, paid.walt), **wrong)
    assert refused.value.status == 400
    assert refused.value.fields.keys() == wrong.keys()
    assert not PayAdjustment.objects.exists()


def test_nobody_is_paid_who_belongs_to_another_project(paid):
    foreign = Annotator.objects.create(project=make_project(paid.stan), kind="human", user=paid.walt)
    with pytest.raises(DomainError) as refused:
        adjust(paid, foreign)
    assert refused.value.status == 404


@pytest.mark.parametrize("wrong", [{"amount": 0}, {"reason": ""}])
def test_the_database_holds_what_an_adjustment_is(paid, wrong):
    given = {"amount": 1, "reason": "Because."} | wrong
    with pytest.raises(IntegrityError), transaction.atomic():
        PayAdjustment.objects.create(
            project=paid.project, annotator=worker(paid, paid.walt), request_key=uuid.uuid4(),
            created_by=paid.olivia, **given,
        )  # fmt: skip


def test_both_sides_see_that_pay_falls_short_and_the_adjustment(paid, page_client):
    wanda = worker(paid, paid.wanda)
    form = {"annotator": wanda.pk, "amount": "2.00", "reason": "The items are long.", "request_key": str(uuid.uuid4())}
    page = reverse("pay", args=[paid.project.pk])
    assert page_client(paid.olivia).post(page, form).status_code == 302
    shown = page_client(paid.olivia).get(page).content.decode()
    assert "Pay falls short of the stated wage" in shown
    assert "The items are long." in shown
    own = page_client(paid.wanda).get(reverse("project", args=[paid.project.pk])).content.decode()
    assert "Your pay falls short of the stated wage" in own
    assert "The items are long." in own
    other = page_client(paid.walt).get(reverse("project", args=[paid.project.pk])).content.decode()
    assert "falls short" not in other
    assert "The items are long." not in other


def test_the_file_to_pay_by_holds_everybody_and_no_formula(paid, page_client):
    paid.walt.display_name = "=HYPERLINK(1)"
    paid.walt.save()
    answer = page_client(paid.olivia).get(reverse("pay_export", args=[paid.project.pk]))
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert {row["email"] for row in rows} == {paid.walt.email, paid.wanda.email}
    walt = next(row for row in rows if row["email"] == paid.walt.email)
    assert (walt["name"], walt["total"], walt["currency"]) == ("'=HYPERLINK(1)", "0.67", "EUR")


def test_pay_by_api(paid, api):
    walt, client = worker(paid, paid.walt), api(paid.olivia)
    adjustment = {"annotator": walt.pk, "amount": "-0.50", "reason": "Paid before.", "request_key": str(uuid.uuid4())}
    made = client.post(reverse("api_pay_adjustments", args=[paid.project.pk]), adjustment, format="json")
    assert made.status_code == 201
    answer = client.get(reverse("api_pay", args=[paid.project.pk])).json()
    assert (answer["fair"]["per_hour"], answer["fair"]["short"]) == ("9.60", True)
    line = next(line for line in answer["people"] if line["annotator"] == walt.pk)
    assert (line["base"], line["adjustments"], line["total"]) == ("0.67", "-0.50", "0.17")


def test_the_page_asks_a_fixed_number_of_questions(paid, page_client, django_assert_max_num_queries):
    client = page_client(paid.olivia)
    for _ in range(5):
        person = Annotator.objects.create(project=paid.project, kind="human", user=make_user())
        add_label(make_items(paid.project, 1)[0], person, "keep")
    with django_assert_max_num_queries(20):
        assert client.get(reverse("pay", args=[paid.project.pk])).status_code == 200
