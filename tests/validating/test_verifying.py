"""Scores of stored labels: what they are learnt from, where they are kept, and the cases that low ones open."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations.models import Annotation, Case, Consensus, Item
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from ledger.services import record
from llm_workers.models import AnswerSigns
from llm_workers.validating import verifying
from llm_workers.validating.collecting import collect
from llm_workers.validating.models import LabelScore, Rating, Validator, VerifierFit, VerifierRules
from llm_workers.validating.neighbours import similar_items
from llm_workers.validating.rules import verifier_rules_update
from llm_workers.validating.verifier.learning import UNKNOWN
from llm_workers.validating.verifying import project_verify, unscored_projects
from tests.factories import add_label, make_annotator, make_items

pytestmark = pytest.mark.django_db


def crowd(cast, *, items: int = 60, gold: int = 40, seed: int = 0) -> list[Item]:
    """Items with labels of two of four people, one of whom is careless and fast; the first ``gold`` are gold.

    Who is alone with a wrong label is not disputed, so that no case is open but for a low score.
    """
    random = np.random.default_rng(seed)
    people = [make_annotator(cast.project) for _ in range(4)]
    made = make_items(cast.project, items)
    for number, item in enumerate(made):
        true = ["keep", "remove"][number % 2]
        wrong = ["remove", "keep"][number % 2]
        careless = number % 3 == 0
        said = wrong if careless and random.random() < 0.8 else true
        for person in (people[3],) if careless else people[:2]:
            words = len(item.payload["text"].split())
            add_label(item, person, said, active_ms=int(words * (90 if said != true else 900)))
        if number < gold:
            item.gold = true
            item.save()
    return made


def verify(cast) -> VerifierFit | None:
    return project_verify(project_id=cast.project.pk)


def rules(cast, **values) -> VerifierRules:
    return verifier_rules_update(project=cast.project, by=cast.olivia, values=values)[0]


def test_a_stated_rule_scores_until_there_is_enough_to_learn_from(cast):
    crowd(cast, gold=10)
    fit = verify(cast)
    assert (fit.method, fit.labels, LabelScore.objects.count()) == ("rule", 100, 100)
    assert 0 < fit.learnt < 50
    assert set(LabelScore.objects.values_list("why", flat=True)[0]) == {"posterior"}
    assert Case.objects.count() == 0  # a rule that was not tried opens none


def test_it_learns_from_gold_and_settlements_and_beats_the_rule(cast):
    crowd(cast, items=240, gold=200)
    fit = verify(cast)
    assert fit.method == "logistic"
    assert fit.figures["overall"]["auroc"] > fit.figures["rule"]["auroc"]
    assert fit.figures["overall"]["low"] > 0.5
    assert [one["group"] for one in fit.figures["groups"]] == ["christian", "muslim"]
    wrong = Annotation.objects.filter(item__gold__isnull=True, annotator=Annotation.objects.order_by("id")[0].annotator)
    assert LabelScore.objects.filter(annotation__in=wrong).exists()


def test_settlements_count_as_known_and_stand_above_gold(cast):
    item = crowd(cast, items=6, gold=6)[0]
    Consensus.objects.filter(item=item).update(method="settled", value="review", evidence={"settlement": 1})
    found = collect(schema=cast.schema, validator_id=None)
    place = found.item_ids.tolist().index(item.pk)
    assert found.right[found.given.item == place].tolist() == [0]
    assert found.closed[place]


def test_labels_come_as_arrays_with_what_is_known_of_each(cast):
    item, other = make_items(cast.project, 2)
    add_label(item, make_annotator(cast.project), "keep", active_ms=3000)
    model = make_annotator(cast.project, kind="model", base_model="small")
    told = add_label(item, model, "keep", confidence=0.7, probabilities={"keep": 0.7, "review": 0.2, "remove": 0.1},
                     reason="It fits the rules.")  # fmt: skip
    AnswerSigns.objects.create(
        annotation=told, stated=0.95, samples=3, share=2 / 3, entropy=0.9, orders=3, order_share=1
    )
    add_label(other, make_annotator(cast.project), "remove")
    found = collect(schema=cast.schema, validator_id=None)
    given = found.given
    first, second = found.annotation_ids.argsort()[:2]
    assert given.seconds[first] == 3
    assert np.isnan(given.confidence[first])
    assert (given.confidence[second], given.margin[second], given.explained[second]) == (0.7, pytest.approx(0.5), 4)
    assert 0 < given.entropy[second] < 1
    signs = (given.stated, given.samples_entropy, given.orders_agree)
    assert [sign[second] for sign in signs] == [0.95, 0.9, 1]
    assert all(np.isnan(sign[first]) for sign in signs)  # not said is not nought
    assert given.words.tolist() == [3, 3]
    assert given.base[given.annotator[[first, second]]].tolist() == [-1, 0]
    assert set(found.right) == {UNKNOWN}


def test_a_rating_belongs_to_every_label_of_its_value(cast, labelled, switch_on, work, llm):
    llm.choose = lambda text, names: ["Disagree"] if text.endswith("Remove") else ["Agree"]
    labelled("keep keep remove")
    switch_on()
    validator = work()
    found = collect(schema=cast.schema, validator_id=validator.pk)
    rows = zip(found.given.label, found.given.validator, strict=True)
    told = {found.tokens[label]: round(score, 2) for label, score in rows}
    assert told["keep"] == pytest.approx(0.7)
    assert told["remove"] == pytest.approx(-0.7)
    assert np.isfinite(found.given.validator).all()


def test_scored_again_nothing_is_written_and_labels_that_go_lose_their_score(cast):
    crowd(cast, gold=0)
    verify(cast)
    with transaction.atomic():
        before = dict(LabelScore.objects.values_list("annotation_id", "score"))
    verify(cast)
    assert dict(LabelScore.objects.values_list("annotation_id", "score")) == before
    Annotation.objects.filter(pk=min(before)).update(status="withdrawn")
    verify(cast)
    assert set(before) - set(LabelScore.objects.values_list("annotation_id", flat=True)) == {min(before)}
    Annotation.objects.update(status="withdrawn")
    assert verify(cast) is None
    assert (LabelScore.objects.count(), VerifierFit.objects.count()) == (0, 0)


@pytest.fixture
def scripted(monkeypatch):
    """``scripted(low, high)``: labels score from ``low`` to ``high`` in the order in which they were given."""
    real = verifying.verify

    def script(low: float, high: float) -> None:
        def verified(signals, item, right, **options):
            return replace(real(signals, item, right, **options), score=np.linspace(low, high, len(item)))

        monkeypatch.setattr(verifying, "verify", verified)

    return script


@pytest.fixture
def single(cast):
    """The cast's project, in which one label decides."""
    type(cast.project).objects.update(min_support=1)
    cast.project.refresh_from_db()
    return cast


def test_low_scores_open_cases_and_rising_ones_close_them(single, scripted):
    cast = single
    crowd(cast, gold=0)
    scripted(0.2, 0.9)
    before = list(Consensus.objects.order_by("item").values("item", "value", "method"))
    rules(cast, opens_cases="always", threshold=0.5, share=0.5)
    fit = verify(cast)
    cases = Case.objects.filter(status="open")
    assert cases.count() == fit.cases > 0
    assert {case.kind for case in cases} == {"low_score"}
    assert all(case.doubt["score"] < 0.5 for case in cases)
    assert list(Consensus.objects.order_by("item").values("item", "value", "method")) == before
    scripted(0.8, 0.9)
    assert verify(cast).cases == 0
    assert set(Case.objects.values_list("status", flat=True)) == {"dissolved"}


def test_a_score_that_has_hardly_risen_leaves_its_case_open(single, scripted):
    crowd(single, items=3, gold=0)
    rules(single, opens_cases="always", threshold=0.5, share=1.0)
    scripted(0.45, 0.45)
    assert verify(single).cases == 3
    scripted(0.55, 0.55)
    assert verify(single).cases == 3
    scripted(0.65, 0.65)
    assert verify(single).cases == 0
    scripted(0.55, 0.55)
    assert verify(single).cases == 0  # what holds a case open does not open one


def test_never_more_than_the_share_of_items_at_once_and_those_with_most_at_stake(single, scripted):
    cast = single
    made = crowd(cast, gold=0)
    scripted(0.1, 0.9)
    rules(cast, opens_cases="always", threshold=0.999, share=0.05)
    assert verify(cast).cases == 3
    chosen = Case.objects.order_by("-at_stake", "id")
    assert {case.item_id for case in chosen} <= {item.pk for item in made[:6]}  # the first labels score lowest
    assert [case.priority for case in chosen] == sorted((case.priority for case in chosen), reverse=True)


def test_scores_that_were_not_learnt_open_none_unless_the_owner_says_so(single, scripted):
    crowd(single, gold=0)
    scripted(0.1, 0.2)
    assert verify(single).cases == 0
    rules(single, opens_cases="never")
    assert verify(single).cases == 0
    rules(single, opens_cases="always")
    assert verify(single).cases == 1  # two in a hundred of sixty


def test_gold_settled_disputed_and_undecided_items_are_not_doubted(single, scripted):
    cast = single
    scripted(0.34, 0.34)
    gold, settled, disputed, undecided, plain = make_items(cast.project, 5)
    people = [make_annotator(cast.project) for _ in range(3)]
    for item in (gold, settled, disputed, plain):
        add_label(item, people[0], "keep")
    add_label(disputed, people[1], "remove")
    model = make_annotator(cast.project, kind="model", base_model="small")
    add_label(undecided, model, "keep", confidence=0.34)
    Item.objects.filter(pk=gold.pk).update(gold="keep")
    Consensus.objects.filter(item=settled).update(method="settled", evidence={"settlement": 1})
    rules(cast, opens_cases="always", threshold=0.99, share=1.0)
    verify(cast)
    assert set(Case.objects.filter(kind="low_score").values_list("item", flat=True)) == {plain.pk}
    rules(cast, models_alone=True)
    verify(cast)
    low = Case.objects.filter(kind="low_score", status="open")
    assert set(low.values_list("item", flat=True)) == {plain.pk, undecided.pk}
    assert low.get(item=undecided).doubt["score"] == 0.34


def test_without_a_threshold_a_minute_must_find_as_much_as_one_on_the_disagreements(single, scripted):
    cast = single
    scripted(0.6, 0.6)
    plain, disputed = make_items(cast.project, 2)
    people = [make_annotator(cast.project) for _ in range(2)]
    add_label(plain, people[0], "keep")
    add_label(disputed, people[0], "keep")
    add_label(disputed, people[1], "remove")
    rules(cast, opens_cases="always", share=1.0)
    Case.objects.update(priority=0.001)
    verify(cast)
    assert Case.objects.filter(kind="low_score", status="open").count() == 1
    Case.objects.filter(kind="human_human").update(priority=1.0, minutes=0.01)
    verify(cast)
    assert Case.objects.filter(kind="low_score", status="open").count() == 0


def test_a_paused_project_opens_none_and_closes_those_that_stand(single, scripted):
    cast = single
    crowd(cast, gold=0)
    scripted(0.1, 0.9)
    rules(cast, opens_cases="always", threshold=0.95, share=0.5)
    assert verify(cast).cases
    cast.project.status = "paused"
    cast.project.save()
    assert verify(cast).cases == 0


def test_groups_reach_the_score_only_where_the_owner_wants_it(cast):
    crowd(cast, items=240, gold=200)
    verify(cast)
    without = dict(LabelScore.objects.values_list("annotation_id", "score"))
    rules(cast, use_groups=True)
    verify(cast)
    assert dict(LabelScore.objects.values_list("annotation_id", "score")) != without
    assert LedgerEvent.objects.get(kind="verifier.rules_changed").data == {"use_groups": True}


def test_of_many_groups_the_largest_have_figures_whatever_their_names(cast, labelled, monkeypatch):
    monkeypatch.setattr(verifying, "MOST_GROUPS", 2)
    for group, count in (("a", 1), ("b", 2), ("y", 4), ("z", 3)):
        for _ in range(count):
            labelled("keep keep", groups={"religion": group}, gold="keep")
    assert [one["group"] for one in verify(cast).figures["groups"]] == ["y", "z"]


def test_news_make_a_project_due(cast, model):
    crowd(cast, items=4, gold=0)
    record(kind="annotation.submitted", actor="system", subject="annotation:1", project_id=cast.project.pk, data={})
    assert unscored_projects() == [cast.project.pk]
    verify(cast)
    assert unscored_projects() == []  # it rests
    long_ago = timezone.now() - timedelta(hours=1)
    VerifierFit.objects.update(fitted_at=long_ago, head=10**12)
    assert unscored_projects() == []  # no news
    Validator.objects.create(project=cast.project, schema=cast.schema, model=model, prompt_hash="x", rated=1)
    assert unscored_projects() == [cast.project.pk]
    VerifierFit.objects.update(ratings=1)
    assert unscored_projects() == []
    VerifierFit.objects.update(head=0)
    assert unscored_projects() == [cast.project.pk]


@pytest.mark.parametrize(
    ("values", "says"),
    [({"threshold": 1.0}, "between 0 and 1"), ({"share": 0.0}, "more than 0"), ({"opens_cases": "maybe"}, "one of")],
)
def test_rules_out_of_range_are_refused(cast, values, says):
    with pytest.raises(DomainError, match=says):
        rules(cast, **values)


def test_a_closed_project_keeps_its_rules(cast):
    cast.project.status = "closed"
    cast.project.save()
    with pytest.raises(DomainError, match="closed"):
        rules(cast, share=0.1)


@pytest.mark.parametrize(
    ("table", "fields", "constraint"),
    [
        (VerifierRules, {"opens_cases": "maybe"}, "verifier_opens_cases_known"),
        (VerifierRules, {"threshold": 1.0}, "verifier_threshold_is_probability"),
        (VerifierRules, {"share": 0.0}, "verifier_share_is_share"),
        (VerifierFit, {"method": "oracle"}, "verifier_fit_method_known"),
        (LabelScore, {"score": 1.5}, "label_score_is_probability"),
    ],
)
def test_the_database_holds_what_scores_are(cast, table, fields, constraint):
    crowd(cast, items=3, gold=0)
    rules(cast, share=0.5)
    verify(cast)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        table.objects.update(**fields)


def test_similar_items_have_words_in_common():
    texts = ["the cat sat on a mat", "a cat sat on the mat", "prices of oil rose again", "oil prices rose again", "xyz"]
    near = similar_items(texts)
    assert [row[0] for row in near.tolist()] == [1, 0, 3, 2, -1]
    assert (similar_items(["one", "two"]) == -1).all()


def test_ratings_are_kept_from_workers(cast, labelled, switch_on, work, api):
    item = labelled("keep")
    switch_on()
    work()
    assert Rating.objects.filter(item=item).exists()
    shown = api(cast.wanda).get(f"/api/v1/projects/{cast.project.pk}/next/").content.decode()
    assert "rules say so" not in shown
    assert api(cast.wanda).get(f"/api/v1/projects/{cast.project.pk}/validator/ratings/").status_code == 403
