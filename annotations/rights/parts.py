"""The parts of a person's data that projects hold."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.rights.parts import Fate, Part
from annotations.models import (
    Annotation,
    Annotator,
    Assignment,
    Exclusion,
    Exposure,
    ItemFlag,
    QuizTry,
    Review,
    Settlement,
    TrainingAnswer,
    WorkerPreferences,
)
from annotations.rights import going, reading

UNDER_PSEUDONYM = _("Stay under the pseudonym, which leads to nobody then.")

PARTS = (
    Part(
        "preferences",
        _("Breaks and care: your preferences"),
        reading.preferences,
        _("Deleted."),
        count=lambda user: WorkerPreferences.objects.filter(user=user).count(),
        links={"annotations.WorkerPreferences.user": Fate.GONE},
    ),
    Part(
        "exposure",
        _("How much content with a warning you worked through, for each day"),
        reading.exposure,
        _("Deleted."),
        count=lambda user: Exposure.objects.filter(user=user).count(),
        links={"annotations.Exposure.user": Fate.GONE},
    ),
    Part(
        "pseudonyms",
        _("Projects that you work in, with your pseudonym and standing in each"),
        reading.projects_worked_in,
        _("The pseudonym stays with its project. That it is you is deleted."),
        goes=False,
        count=lambda user: Annotator.objects.filter(user=user).count(),
        links={"annotations.Annotator.user": Fate.CUT},
    ),
    Part(
        "labels",
        _("Labels that you gave, also those that you changed or took back"),
        reading.labels,
        _("Stay under the pseudonym: projects rest on them. Reasons that you wrote beside them are deleted."),
        goes=False,
        count=lambda user: reading.of(Annotation, user).count(),
    ),
    Part(
        "items_given",
        _("Items that you were given: when, and what came of it; skips with their reasons"),
        reading.items_given,
        _("Stay under the pseudonym, without your reasons. What you hold at the moment is given back."),
        goes=False,
        count=lambda user: reading.of(Assignment, user).count(),
        erase=going.leases_give_back,
    ),
    Part(
        "flags",
        _("Items that you flagged"),
        reading.flags,
        _("That an item was flagged stays under the pseudonym. Your words are deleted."),
        goes=False,
        count=lambda user: reading.of(ItemFlag, user).count(),
    ),
    Part(
        "training",
        _("Answers in training and in the quiz"),
        reading.training,
        UNDER_PSEUDONYM,
        goes=False,
        count=lambda user: reading.of(TrainingAnswer, user).count(),
    ),
    Part(
        "quiz_tries",
        _("Tries at a quiz"),
        reading.quiz_tries,
        UNDER_PSEUDONYM,
        goes=False,
        count=lambda user: reading.of(QuizTry, user).count(),
    ),
    Part(
        "reviews",
        _("Reviews of your work, and your appeals"),
        reading.reviews,
        _("Decisions stay under the pseudonym: labels were counted, or not, because of them. Your words are deleted."),
        goes=False,
        count=lambda user: reading.of(Review, user).count(),
        erase=going.words_take_out,  # after what the person holds was given back, so that locks are taken in order
    ),
    Part(
        "exclusions",
        _("Labels of yours that were taken out of the count"),
        reading.exclusions,
        UNDER_PSEUDONYM,
        goes=False,
        count=lambda user: reading.of(Exclusion, user).count(),
    ),
    Part(
        "pay",
        _("What you earned, and adjustments of it"),
        reading.pay,
        _("Stays under the pseudonym, for the project's accounts. Nobody can be paid by it any more."),
        goes=False,
        count=reading.count_pay,
        warn=going.unpaid,
    ),
    Part(
        "settlements",
        _("Cases that you settled as an expert, with your reasons"),
        reading.settlements,
        _("Stay, reasons too, as of nobody: labels are what they are because of them. Open cases are given back."),
        goes=False,
        count=lambda user: Settlement.objects.filter(settled_by=user).count(),
        links={"annotations.Case.claimed_by": Fate.CUT, "annotations.Settlement.settled_by": Fate.KEPT},
        erase=going.cases_give_back,
    ),
    Part(
        "made",
        _("What you made or decided in projects: labels and guidelines, imports, runs, checks of others"),
        reading.made,
        _("Stays with the projects, as of nobody: others rely on it, and have read the reasons given."),
        goes=False,
        count=reading.count_made,
        links={
            "annotations.Project.created_by": Fate.KEPT,
            "annotations.LabelSchema.created_by": Fate.KEPT,
            "annotations.Dataset.created_by": Fate.KEPT,
            "annotations.ImportJob.created_by": Fate.KEPT,
            "annotations.Run.started_by": Fate.KEPT,
            "annotations.BiasAnswer.answered_by": Fate.KEPT,
            "annotations.Review.decided_by": Fate.KEPT,
            "annotations.Exclusion.made_by": Fate.KEPT,
            "annotations.Exclusion.lifted_by": Fate.KEPT,
            "annotations.PayAdjustment.created_by": Fate.KEPT,
        },
        hinder=going.last_owned,
    ),
    Part(
        "events_of_work",
        _("Entries of the record about your work, one or more for each item"),
        reading.events,
        _("Stay: the record is never rewritten. They carry the pseudonym's number."),
        goes=False,
        count=reading.count_events,
    ),
)
