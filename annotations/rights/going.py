"""What a person who goes leaves in order: their items and cases are given back, their own words are taken out."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.models import Membership, Role, User
from accounts.rights.parts import Notice
from annotations.labelling.leases import release
from annotations.labelling.places import lock_annotator
from annotations.models import (
    FINISHED,
    Annotation,
    Annotator,
    Assignment,
    AssignmentStatus,
    Case,
    CaseStatus,
    ItemFlag,
    PayAdjustment,
    Project,
    Review,
)
from annotations.settling.services import release as case_release
from annotations.working.selectors import own_work


def last_owned(user: User) -> list[Notice]:
    """Why the person cannot go: projects at work that nobody else owns."""
    mine = Membership.objects.filter(user=user, role=Role.OWNER).values("project_id")
    others = Membership.objects.filter(role=Role.OWNER).exclude(user=user).values("project_id")
    left = Project.objects.filter(pk__in=mine).exclude(pk__in=others).exclude(status__in=FINISHED)
    text = _("You are the last owner of “%(project)s”. Make somebody else an owner of it, or close it, first.")
    return [Notice(text % {"project": one.name}, one.pk, one.name) for one in left.order_by("pk")]


def unpaid(user: User) -> list[Notice]:
    """What the person has earned: nobody can pay a pseudonym. Whether it was paid is not known here."""
    amounts: dict[int, Decimal] = {pk: work.earned for pk, work in own_work(user).items()}
    extra = PayAdjustment.objects.filter(annotator__user=user).values_list("project_id").annotate(sum=Sum("amount"))
    for project_id, amount in extra.order_by():
        amounts[project_id] = amounts.get(project_id, Decimal(0)) + amount
    projects = Project.objects.filter(pk__in=[pk for pk, amount in amounts.items() if amount > 0]).order_by("pk")
    text = _(
        "You have earned %(amount)s %(currency)s in “%(project)s”. If that has not been paid to you, wait until it has "
        "been: the owner will no longer know whose it is."
    )
    return [
        Notice(text % {"amount": amounts[one.pk], "currency": one.currency, "project": one.name}, one.pk, one.name)
        for one in projects
    ]


def leases_give_back(user: User) -> None:
    """Give back what the person holds. From here to the end nothing of theirs can be labelled, claimed or skipped."""
    for annotator in annotators_locked(user):
        held = Assignment.objects.filter(annotator=annotator, status=AssignmentStatus.LEASED)
        for pk in held.order_by("item_id").values_list("pk", flat=True):
            release(annotator=annotator, assignment_id=pk)


def cases_give_back(user: User) -> None:
    for pk in Case.objects.filter(claimed_by=user, status=CaseStatus.OPEN).order_by("pk").values_list("pk", flat=True):
        case_release(expert=user, case_id=pk)


def words_take_out(user: User) -> None:
    """A person's own words may say who they are. Those that no label rests on go; that something was said stays."""
    own = {"annotator__in": annotators_locked(user)}
    Annotation.objects.filter(**own).exclude(reason="").update(reason="")
    Assignment.objects.filter(**own).exclude(skip_reason="").update(skip_reason="")
    ItemFlag.objects.filter(**own).exclude(reason="").update(reason="")
    Review.objects.filter(**own).exclude(appeal="").update(appeal="")


def annotators_locked(user: User) -> list[Annotator]:
    found = list(Annotator.objects.filter(user=user).order_by("pk"))
    for annotator in found:
        lock_annotator(annotator.pk)
    return found
