"""Training with feedback, the quiz, and setting items aside for them."""

from __future__ import annotations

import pytest
from django.db import connection

from annotations.access import Access, annotator_of
from annotations.labelling.places import recount_places
from annotations.labelling.selectors import Progress, progress_of
from annotations.labelling.services import claim
from annotations.models import (
    Annotation,
    CareRules,
    GoldAnswer,
    Item,
    Project,
    QualityRules,
    QueueEntry,
    TrainingAnswer,
    TrainingItem,
)
from annotations.projects.demand import demand_follow
from annotations.projects.selectors import figures_of
from annotations.projects.services import project_update
from annotations.quality import aside as aside_module
from annotations.quality.aside import aside_of, set_aside
from annotations.quality.reviews import person_pause, person_qualify, review_decide
from annotations.quality.rules import rules_change
from annotations.quality.training import (
    quiz_answer,
    quiz_begin,
    quiz_next,
    quiz_of,
    training_answer,
    training_next,
    training_score,
)
from annotations.selectors.states import project_states
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import make_items

pytestmark = pytest.mark.django_db


def refused(call, **given) -> str:
    with pytest.raises(DomainError) as error:
        call(**given)
    return error.value.code


@pytest.fixture
def aside(cast, gold):
    """``aside(training, quiz)`` sets so many new gold items aside."""

    def made(training: int = 0, quiz: int = 0) -> None:
        gold(training + quiz)
        set_aside(project=cast.project, actor=cast.olivia, training=training, quiz=quiz)

    return made


@pytest.fixture
def learner(cast, aside):
    """Wanda, new in a project whose quiz asks three questions of five, two of them to be right, in two tries."""
    aside(training=2, quiz=5)
    QualityRules.objects.filter(project=cast.project).delete()
    rules_change(
        project=cast.project,
        actor=cast.olivia,
        values={"quiz_questions": 3, "quiz_pass": 0.6, "quiz_tries": 2},
    )
    return annotator_of(Access(cast.project, cast.project.memberships.get(user=cast.wanda).role, cast.wanda))


def take_quiz(annotator, values) -> bool | None:
    current = quiz_begin(annotator=annotator)
    for value in values:
        current = quiz_answer(annotator=annotator, item_id=quiz_next(current).pk, value=value)
    return current.passed


# --- items set aside --------------------------------------------------------------------------------------------------


def test_items_set_aside_are_no_work_and_nothing_waits_for_them(cast, aside, worker, checks, answer):
    make_items(cast.project, 2)
    before = progress_of(cast.project).needed
    aside(training=3, quiz=2)
    reserved = set(TrainingItem.objects.values_list("item_id", flat=True))
    assert set(QueueEntry.objects.filter(item__in=reserved).values_list("remaining", flat=True)) == {0}
    assert progress_of(cast.project).needed == before
    assert figures_of([cast.project.pk])[cast.project.pk].progress == Progress(0, before)
    checks()
    given = answer(worker(cast.wanda, cast.project), "keep", 2)
    assert not reserved & {item.pk for item in given}
    assert claim(annotator=worker(cast.wanda, cast.project), project=cast.project) is None
    needed = {state.needed for state in project_states(cast.project)}
    assert needed == {0, cast.project.redundancy}


def test_they_stay_aside_when_the_redundancy_changes_and_come_back_as_they_were(cast, aside):
    aside(training=2)
    entries = QueueEntry.objects.order_by("item_id").values_list("remaining", flat=True)
    project_update(project=cast.project, actor=cast.olivia, redundancy=5)
    demand_follow(project_id=cast.project.pk)
    assert list(entries.all()) == [0, 0]
    recount_places(list(TrainingItem.objects.values_list("item_id", flat=True)))
    assert list(entries.all()) == [0, 0]
    set_aside(project=cast.project, actor=cast.olivia, training=0, quiz=0)
    assert list(entries.all()) == [5, 5]
    assert {state.needed for state in project_states(cast.project)} == {5}


def test_only_items_that_nobody_was_given_are_set_aside(cast, gold, worker):
    gold(2)
    claim(annotator=worker(cast.wanda, cast.project), project=cast.project)
    with pytest.raises(DomainError) as error:
        set_aside(project=cast.project, actor=cast.olivia, training=2, quiz=0)
    assert "training" in error.value.fields
    assert not TrainingItem.objects.exists()
    set_aside(project=cast.project, actor=cast.olivia, training=1, quiz=0)
    assert LedgerEvent.objects.get(kind="quality.set_aside").data == {"training": 1, "quiz": 0}


def test_they_are_drawn_from_anywhere_on_the_ring_and_around_it(cast, gold, monkeypatch):
    ids = {item.pk for item in gold(12)}
    for start in (0, 2**31, 2**32 - 1):
        monkeypatch.setattr(aside_module, "randbits", lambda _bits, start=start: start)
        assert set(aside_module._drawn(cast.project, 20)) == ids
        assert len(aside_module._drawn(cast.project, 5)) == 5
    monkeypatch.undo()
    firsts = {aside_module._drawn(cast.project, 1)[0] for _ in range(60)}
    assert len(firsts) > 3
    assert aside_module.available(cast.project) == 12


def test_what_is_looked_at_does_not_grow_with_the_project(cast, gold):
    gold(400)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE annotations_item, annotations_queueentry")
        values = {"project": cast.project.pk, "start": -(2**31), "end": 2**31 - 1, "most": 4}
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {aside_module.FREE}", values)
        (scan,) = cursor.fetchone()[0][0]["Plan"]["Plans"]
    assert scan["Index Name"] == "item_gold_ring"
    assert scan["Actual Rows"] <= 4


def test_what_was_answered_stays_and_the_quiz_keeps_its_questions(cast, learner):
    training_answer(annotator=learner, item_id=training_next(learner).pk, value="keep")
    for counts in ({"training": 0, "quiz": 5}, {"training": 2, "quiz": 2}, {"training": 2, "quiz": 501}):
        assert refused(set_aside, project=cast.project, actor=cast.olivia, **counts) == "invalid"
    assert aside_of(cast.project) == {"training": 2, "quiz": 5}


# --- training ---------------------------------------------------------------------------------------------------------


def test_feedback_is_instant_and_the_first_answer_stands(cast, learner):
    item = training_next(learner)
    Item.objects.filter(pk=item.pk).update(extra={"why": "It is polite."})
    QualityRules.objects.update(explanation_column="why")
    told = training_answer(annotator=learner, item_id=item.pk, value="remove")
    assert (told.answer.is_right, told.known, told.explanation) == (False, "keep", "It is polite.")
    assert training_answer(annotator=learner, item_id=item.pk, value="keep").answer == told.answer
    training_answer(annotator=learner, item_id=training_next(learner).pk, value="keep")
    assert training_next(learner) is None
    score = training_score(learner)
    assert (score.right, score.answered, score.items, score.left) == (1, 2, 2, 0)


def test_training_makes_no_label_and_counts_for_no_trust(learner, cast, checks):
    checks(quiz_questions=3)
    training_answer(annotator=learner, item_id=training_next(learner).pk, value="remove")
    assert not Annotation.objects.exists()
    assert not GoldAnswer.objects.exists()
    assert (
        refused(training_answer, annotator=learner, item_id=training_next(learner).pk, value="dance") == "unknown_label"
    )
    other = make_items(cast.project, 1, gold="keep")[0]
    assert refused(training_answer, annotator=learner, item_id=other.pk, value="keep") == "not_found"
    question = TrainingItem.objects.filter(purpose="quiz").first()
    assert refused(training_answer, annotator=learner, item_id=question.item_id, value="keep") == "not_found"


# --- quiz -------------------------------------------------------------------------------------------------------------


def test_nobody_new_labels_before_they_have_passed(cast, learner):
    make_items(cast.project, 1)
    assert learner.standing == "training"
    assert refused(claim, annotator=learner, project=cast.project) == "qualification_needed"
    assert take_quiz(learner, ["keep", "keep", "remove"]) is True
    learner.refresh_from_db()
    assert learner.standing == "active"
    assert claim(annotator=learner, project=cast.project) is not None
    event = LedgerEvent.objects.get(kind="annotator.qualified")
    assert event.data == {"try": 1, "right": 2, "questions": 3}
    assert refused(quiz_begin, annotator=learner) == "no_quiz"


def test_who_fails_may_try_again_with_other_questions_until_the_tries_are_used(learner, cast, owner):
    assert take_quiz(learner, ["remove"] * 3) is False
    assert quiz_of(learner).tries_left == 1
    assert take_quiz(learner, ["keep", "remove", "remove"]) is False
    assert refused(quiz_begin, annotator=learner) == "no_tries_left"
    for _twice in range(2):
        assert person_qualify(access=owner, annotator_id=learner.pk, reason="An expert.").standing == "active"
    assert LedgerEvent.objects.filter(kind="annotator.qualified").count() == 1


def test_a_try_goes_on_where_it_was_left_and_an_answer_sent_twice_counts_once(learner):
    current = quiz_begin(annotator=learner)
    question = quiz_next(current)
    for _twice in range(2):
        quiz_answer(annotator=learner, item_id=question.pk, value="keep")
    assert quiz_begin(annotator=learner) == current
    assert TrainingAnswer.objects.count() == 1
    assert quiz_next(current) != question
    practice = TrainingItem.objects.filter(purpose="training").first()
    assert refused(quiz_answer, annotator=learner, item_id=practice.item_id, value="keep") == "not_found"


def test_who_labelled_before_need_not_pass_and_switching_off_lets_all_in(cast, gold, worker, answer):
    gold(3)
    wanda, walt = worker(cast.wanda, cast.project), worker(cast.walt, cast.project)
    make_items(cast.project, 1)
    answer(wanda, "keep")
    gold(4)
    set_aside(project=cast.project, actor=cast.olivia, training=0, quiz=3)
    rules_change(project=cast.project, actor=cast.olivia, values={"quiz_questions": 3})
    wanda.refresh_from_db()
    walt.refresh_from_db()
    assert (wanda.standing, walt.standing) == ("active", "training")
    rules_change(project=cast.project, actor=cast.olivia, values={"quiz_questions": 0})
    walt.refresh_from_db()
    assert walt.standing == "active"


def test_a_quiz_needs_its_items(cast, gold):
    gold(3)
    with pytest.raises(DomainError) as error:
        rules_change(project=cast.project, actor=cast.olivia, values={"quiz_questions": 3})
    assert "quiz_questions" in error.value.fields


def test_a_review_does_not_pass_the_quiz_for_anybody(learner, owner):
    review = person_pause(access=owner, annotator_id=learner.pk, note="Twice the same person?")
    review_decide(access=owner, review_id=review.pk, reinstate=True, reason="No.")
    learner.refresh_from_db()
    assert learner.standing == "training"


# --- pages and REST ---------------------------------------------------------------------------------------------------


def test_a_worker_trains_and_passes_on_the_pages(cast, learner, page_client):
    client, base = page_client(cast.wanda), f"/projects/{cast.project.pk}"
    assert "A quiz first" in client.get(f"{base}/label/").content.decode()
    item = training_next(learner)
    wrong = client.post(f"{base}/training/", {"item": item.pk, "value": "remove"}).content.decode()
    assert "Not what is known" in wrong
    assert "The known label is Keep" in wrong
    assert client.post(f"{base}/training/", {"item": "x"}).status_code == 422
    assert client.post(f"{base}/training/", {"item": 0, "value": "keep"}).status_code == 404
    assert "Training: 0 of 1 right." in client.get("/").content.decode()
    assert "2 tries left" in client.get(f"{base}/quiz/").content.decode()
    client.post(f"{base}/quiz/", {"do": "begin"})
    for _question in range(3):
        current = quiz_of(learner).current
        text = client.get(f"{base}/quiz/").content.decode()
        assert "known" not in text
        assert client.post(f"{base}/quiz/", {"item": quiz_next(current).pk, "value": "keep"}).status_code == 302
    assert "3 of 3 right" in client.get(f"{base}/quiz/").content.decode()


def test_training_and_quiz_warn_of_content_and_blur_it_too(cast, learner, page_client):
    Project.objects.update(content_warning="Slurs.")
    CareRules.objects.create(project=cast.project, blur=True)
    client, base = page_client(cast.wanda), f"/projects/{cast.project.pk}"
    for page in ("training", "quiz"):
        assert client.get(f"{base}/{page}/").url == f"{base}/label/"
    assert "Slurs." in client.get(f"{base}/label/").content.decode()
    client.post(f"{base}/label/ready/")
    assert '<details class="reveal">' in client.get(f"{base}/training/").content.decode()


def test_an_owner_sets_items_aside_and_lets_somebody_in_on_the_pages(cast, learner, page_client, gold):
    client, base = page_client(cast.olivia), f"/projects/{cast.project.pk}"
    gold(4)
    client.post(f"{base}/settings/quality/aside/", {"training": "4", "quiz": "6"})
    assert aside_of(cast.project) == {"training": 4, "quiz": 6}
    for wrong in ({"training": "many", "quiz": "6"}, {"training": "99", "quiz": "6"}):
        text = client.post(f"{base}/settings/quality/aside/", wrong, follow=True).content.decode()
        assert aside_of(cast.project) == {"training": 4, "quiz": 6}
        assert "callout" in text
    page = f"{base}/people/checks/{learner.pk}/"
    assert "Has the quiz to pass." in client.get(page).content.decode()
    assert client.post(page, {"do": "qualify", "reason": "An expert."}).status_code == 302
    learner.refresh_from_db()
    assert learner.standing == "active"


def test_rest_training_and_quiz(cast, learner, api):
    client, rest = api(cast.wanda), f"/api/v1/projects/{cast.project.pk}"
    asked = client.get(f"{rest}/training/").json()["next"]
    assert set(asked) == {"item", "modality", "payload", "html"}
    told = client.post(f"{rest}/training/", {"item": asked["item"], "value": "keep"}, format="json").json()
    assert (told["is_right"], told["known"], told["score"]["right"]) == (True, "keep", 1)
    assert client.post(f"{rest}/training/", {"item": 0, "value": "keep"}, format="json").status_code == 404
    assert client.post(f"{rest}/quiz/", {"item": 3}, format="json").status_code == 400
    state = client.post(f"{rest}/quiz/", {}, format="json").json()
    while state["next"]:
        sent = {"item": state["next"]["item"], "value": "keep"}
        state = client.post(f"{rest}/quiz/", sent, format="json").json()
    assert (state["standing"], state["passed"], state["right"]) == ("active", True, 3)
    assert client.post(f"{rest}/quiz/", {}, format="json").status_code == 409


def test_rest_setting_aside_and_qualifying(cast, learner, api):
    client, rest = api(cast.olivia), f"/api/v1/projects/{cast.project.pk}"
    assert client.get(f"{rest}/quality/aside/").json() == {"training": 2, "quiz": 5}
    assert client.put(f"{rest}/quality/aside/", {"training": 1, "quiz": 4}, format="json").status_code == 200
    for wrong in ({"training": -1, "quiz": 4}, {"training": 50, "quiz": 4}, {"quiz": 4}):
        assert client.put(f"{rest}/quality/aside/", wrong, format="json").status_code == 400
    address = f"{rest}/people/checks/{learner.pk}/qualify/"
    assert client.post(address, {}, format="json").status_code == 400
    assert client.post(address, {"reason": "An expert."}, format="json").json()["standing"] == "active"
    missing = f"{rest}/people/checks/0/qualify/"
    assert client.post(missing, {"reason": "Who?"}, format="json").status_code == 404
