"""The sample project, made through the platform's own services."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate

from accounts.models import Membership, Role
from annotations.models import Annotation, Case, ImportJob, Item
from evenhand.sample import seed as seeding
from evenhand.sample.people import ACCOUNTS, PASSWORD
from fairness.selectors.live import live_view
from fairness.services.fold import fold_outbox
from fairness.services.recount import recount
from ledger.models import LedgerEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small(monkeypatch):
    """Fewer labels beforehand than the demo makes: the same path, sooner."""
    monkeypatch.setattr(seeding, "LABELS_BEFOREHAND", 90)
    monkeypatch.setattr(seeding, "SETTLED_BEFOREHAND", 3)


def test_the_sample_shows_something_true_everywhere_and_is_made_once(monkeypatch):
    monkeypatch.setattr(seeding, "SETTLED_BEFOREHAND", 3)
    project = seeding.seed()
    counts = [model.objects.count() for model in (Item, Annotation, Case, ImportJob, LedgerEvent, Membership)]
    assert counts[0] == 780
    assert Item.objects.exclude(gold=None).count() == 100
    assert counts[1] >= 600
    assert Case.objects.filter(status="settled").count() == 3
    assert project.simulated
    assert seeding.seed() == project
    assert counts == [model.objects.count() for model in (Item, Annotation, Case, ImportJob, LedgerEvent, Membership)]

    while fold_outbox():
        pass
    assert recount(project=project) == []
    view = live_view(project)
    assert view.people is not None
    assert view.people.parity.difference.value is not None


def test_every_label_of_the_crowd_is_called_simulated(small):
    project = seeding.seed()
    assert set(project.annotators.values_list("origin", flat=True)) == {"simulated"}
    labels = LedgerEvent.objects.filter(kind="annotation.submitted")
    assert labels.exists()
    assert not labels.filter(simulated=False).exists()
    stated = LedgerEvent.objects.get(kind="simulation.stated")
    assert stated.simulated
    assert "simulated" in stated.data["crowd"].lower()


def test_one_account_per_role_can_sign_in_and_no_program_can(small, rf):
    project = seeding.seed()
    roles = dict(project.memberships.values_list("user__email", "role"))
    assert {roles[account.email] for account in ACCOUNTS} == set(Role)
    request = rf.post("/accounts/login/")
    assert authenticate(request, username=ACCOUNTS[0].email, password=PASSWORD) is not None
    programs = project.memberships.filter(user__is_simulated=True).select_related("user")
    assert len(programs) == 31
    assert not any(one.user.has_usable_password() for one in programs)


def test_a_start_that_was_cut_short_is_finished_by_the_next(small, monkeypatch):
    monkeypatch.setattr(seeding, "_label_beforehand", lambda project: 1 / 0)
    monkeypatch.setattr(seeding, "import_run", lambda *, job_id: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        seeding.seed()
    monkeypatch.undo()
    monkeypatch.setattr(seeding, "LABELS_BEFOREHAND", 60)
    project = seeding.seed()
    assert project.items.count() == 780
    assert project.status == "active"
    assert seeding.Project.objects.count() == 1
