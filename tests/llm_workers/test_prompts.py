"""Prompts with a name, their versions, and runs that use them."""

from __future__ import annotations

import json

import pytest
from django.db import IntegrityError, transaction

from annotations.models import Annotation
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from llm_workers.client.control import WORDS
from llm_workers.models import AnswerSigns, ModelAnnotator, Prompt, PromptExample, PromptVersion, RunItem
from llm_workers.recipe import Recipe
from llm_workers.selectors.prompts import recipe_of
from llm_workers.services.prompting import prompt_change, prompt_create, prompt_delete, version_of
from tests.factories import add_label, make_annotator, make_items, make_project
from tests.llm_server import PROMPT_TOKENS


@pytest.fixture
def make(cast):
    """``make(**choices)`` makes a prompt of the cast's project."""

    def made(name: str = "Careful", **choices) -> Prompt:
        return prompt_create(project=cast.project, by=cast.olivia, name=name, recipe=Recipe(**choices))

    return made


def beginning(bodies) -> str:
    """What the requests have in common, as text from the start."""
    texts = ["\n".join(message["content"] for message in body["messages"]) for body in bodies]
    first, last = min(texts), max(texts)
    return first[: next((place for place, letter in enumerate(first) if letter != last[place]), len(first))]


# --- versions -------------------------------------------------------------------------------------------------------


def test_a_prompt_says_what_it_was_given_and_the_ledger_knows(cast, make):
    items = make_items(cast.project, 2)
    choices = {"language": "fr", "thinking": "before", "samples": 3, "way": "hand",
               "picked": ((items[1].pk, "keep"), (items[0].pk, "remove"))}  # fmt: skip
    prompt = make(**choices)
    assert recipe_of(Prompt.objects.get()) == Recipe(**choices)
    assert recipe_of(prompt_change(prompt=prompt, by=cast.olivia, name="Other", recipe=Recipe())) == Recipe()
    assert not PromptExample.objects.exists()
    prompt_delete(prompt=prompt, by=cast.olivia)
    kinds = LedgerEvent.objects.filter(subject=f"prompt:{prompt.pk or 1}") | LedgerEvent.objects.filter(
        kind__startswith="prompt."
    )
    assert sorted(set(kinds.values_list("kind", flat=True))) == ["prompt.changed", "prompt.created", "prompt.deleted"]


def test_the_same_content_is_the_same_version_and_a_change_is_another_one(cast, make):
    prompt = make(thinking="after")
    first = version_of(prompt=prompt, schema=cast.schema)
    assert (first.number, first.with_reason) == (1, True)
    assert version_of(prompt=prompt, schema=cast.schema) == first
    assert version_of(prompt=make("Twin", thinking="after"), schema=cast.schema) == first
    changed = prompt_change(prompt=prompt, by=cast.olivia, name=prompt.name, recipe=Recipe(thinking="before"))
    second = version_of(prompt=changed, schema=cast.schema)
    assert (second.number, second.hash != first.hash) == (2, True)
    first_again = PromptVersion.objects.get(pk=first.pk)
    assert (first_again.text, first_again.hash) == (first.text, first.hash)
    back = prompt_change(prompt=prompt, by=cast.olivia, name=prompt.name, recipe=Recipe(thinking="after"))
    assert version_of(prompt=back, schema=cast.schema) == first


@pytest.mark.parametrize("first", ["plain", "prompt"])
def test_a_prompt_that_says_what_a_run_without_one_says_is_the_same_annotator(cast, make, start, work, first):
    make_items(cast.project, 2)
    prompt = make(thinking="after", orders=9)  # of three labels there are three orders
    ways = {"plain": {"with_reason": True, "orders": 3}, "prompt": {"prompt": prompt}}
    assert work(start(**ways.pop(first))).labelled == 2
    with pytest.raises(DomainError, match="There is nothing to label"):
        start(**ways.popitem()[1])


def test_examples_stay_as_they_were_drawn_until_the_seed_changes(cast, make):
    make_items(cast.project, 8, gold="keep")
    make_items(cast.project, 8, gold="remove")
    prompt = make(way="balanced", count=4)
    first = version_of(prompt=prompt, schema=cast.schema)
    make_items(cast.project, 30, gold="review")
    assert version_of(prompt=prompt, schema=cast.schema) == first
    anew = prompt_change(prompt=prompt, by=cast.olivia, name="x", recipe=Recipe(way="balanced", count=4, seed=1))
    assert version_of(prompt=anew, schema=cast.schema).examples != first.examples


def test_versions_outlive_their_prompt(cast, make, start, work):
    make_items(cast.project, 2)
    prompt = make(thinking="after")
    run = work(start(prompt=prompt))
    prompt_delete(prompt=prompt, by=cast.olivia)
    asked = ModelAnnotator.objects.get(annotator=run.annotator).prompt
    assert (asked.prompt_id, asked.number) == (None, 1)
    assert Annotation.objects.filter(run=run).count() == 2


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({"language": "xx"}, "language"),
        ({"thinking": "loud"}, "thinking"),
        ({"way": "magic"}, "way"),
        ({"orders": 0}, "orders"),
        ({"orders": 51}, "orders"),
        ({"samples": 21}, "samples"),
        ({"orders": 50, "samples": 2}, "samples"),
        ({"samples": 2, "temperature": 0.0}, "temperature"),
        ({"way": "balanced", "count": 21}, "count"),
        ({"way": "balanced", "attribute": "shoe size"}, "attribute"),
        ({"instructions": "x" * 20_001}, "instructions"),
        ({"instructions": "\x00"}, "instructions"),
        ({"way": "hand"}, "picked"),
        ({"way": "hand", "picked": ((10**9, "keep"),)}, "picked"),
    ],
)
def test_choices_out_of_range_name_the_field(cast, make, choices, field):
    with pytest.raises(DomainError) as refusal:
        make(**choices)
    assert (refusal.value.status, list(refusal.value.fields)) == (400, [field])


def test_picked_examples_are_items_of_the_project_with_labels_of_its_schema_each_once(cast, make):
    (own,) = make_items(cast.project)
    (foreign,) = make_items(make_project(cast.stan))
    for picked in (((foreign.pk, "keep"),), ((own.pk, "burn"),), ((own.pk, "keep"), (own.pk, "keep"))):
        with pytest.raises(DomainError) as refusal:
            make(way="hand", picked=picked)
        assert list(refusal.value.fields) == ["picked"]
    with pytest.raises(DomainError, match="name"):
        make("  ")
    make("Twice")
    with pytest.raises(DomainError, match="this name"):
        make("Twice")


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"name": ""}, "prompt_has_name"),
        ({"name": "Taken"}, "prompt_name_once"),
        ({"language": "xx"}, "prompt_language_known"),
        ({"thinking": "loud"}, "prompt_thinking_known"),
        ({"way": "magic"}, "prompt_way_known"),
        ({"orders": 0}, "prompt_orders_range"),
        ({"samples": 21}, "prompt_samples_range"),
        ({"temperature": 0}, "prompt_temperature_range"),
        ({"count": 0}, "prompt_count_range"),
    ],
)
def test_the_database_refuses_prompts_that_cannot_be(cast, make, fields, constraint):
    make("Taken")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Prompt.objects.create(**{"project": cast.project, "created_by": cast.olivia, "name": "x"} | fields)


def test_the_database_refuses_an_example_twice_a_number_twice_and_signs_that_cannot_be(cast, make):
    (item,) = make_items(cast.project)
    prompt = make(way="hand", picked=((item.pk, "keep"),))
    with pytest.raises(IntegrityError, match="prompt_example_once"), transaction.atomic():
        PromptExample.objects.create(prompt=prompt, item=item, value="keep", position=1)
    version_of(prompt=prompt, schema=cast.schema)
    with pytest.raises(IntegrityError, match="prompt_version_number_once"), transaction.atomic():
        PromptVersion.objects.create(
            project=cast.project, schema=cast.schema, text="x", hash="1", prompt=prompt, number=1
        )
    label = add_label(item, make_annotator(cast.project, kind="model"), "keep")
    with pytest.raises(IntegrityError, match="signs_stated_is_probability"), transaction.atomic():
        AnswerSigns.objects.create(annotation=label, stated=60)
    with pytest.raises(IntegrityError, match="signs_share_of_samples"), transaction.atomic():
        AnswerSigns.objects.create(annotation=label, samples=1, share=1.0, entropy=0.0)
    for signs in ({"orders": 1, "order_share": 1.0}, {"orders": 2, "order_share": 1.1}):
        with pytest.raises(IntegrityError, match="signs_share_of_orders"), transaction.atomic():
            AnswerSigns.objects.create(annotation=label, **signs)


# --- runs -----------------------------------------------------------------------------------------------------------


def test_another_prompt_makes_another_annotator_that_labels_anew(cast, make, start, work):
    make_items(cast.project, 3)
    plain, careful = work(start()), work(start(prompt=make(thinking="before", instructions="Mind the tone.")))
    assert plain.annotator_id != careful.annotator_id
    assert (plain.labelled, careful.labelled) == (3, 3)
    assert careful.annotator.model_annotator.prompt.number == 1


@pytest.mark.parametrize("way", ["hand", "balanced"])
def test_items_of_a_run_share_the_longest_possible_beginning(cast, llm, make, start, work, way):
    gold = [*make_items(cast.project, 4, gold="keep"), *make_items(cast.project, 4, gold="remove")]
    make_items(cast.project, 30)
    picked = tuple((item.pk, item.gold) for item in gold[:3]) if way == "hand" else ()
    work(start(prompt=make(way=way, count=4, picked=picked)))
    # On a machine that is slow just now the server may be asked whether it answers at all.
    requests = [body for body in llm.requests if body["messages"][0]["content"] != WORDS]
    systems = {body["messages"][0]["content"] for body in requests}
    assert len(systems) == 1  # instructions: the same for all
    assert beginning(requests).endswith("# Options\n\nA. ")  # then the options of the rotation
    for name in ("Keep", "Review", "Remove"):
        alike = [body for body in llm.requests if f"A. {name}:" in body["messages"][1]["content"]]
        common = beginning(alike)
        assert len(alike) > 1
        assert common.endswith("# Item\n\nMessage number ") or "# Item\n\nMessage number " in common[-40:]
        assert "# Examples" in common


@pytest.mark.parametrize("way", ["hand", "balanced"])
def test_an_item_that_is_shown_as_an_example_is_not_labelled_by_the_prompt(cast, llm, make, start, work, way):
    gold = [*make_items(cast.project, 3, gold="keep"), *make_items(cast.project, 3, gold="remove")]
    picked = tuple((item.pk, item.gold) for item in gold[:2]) if way == "hand" else ()
    run = work(start(prompt=make(way=way, count=2, picked=picked)))
    shown = {row[0] for row in run.annotator.model_annotator.prompt.examples}
    assert len(shown) == 2
    assert shown.isdisjoint(RunItem.objects.filter(run=run).values_list("item_id", flat=True))
    assert run.labelled == len(gold) - 2


def test_similar_examples_are_looked_up_for_each_item_and_never_the_item_itself(cast, llm, make, start, work):
    for text, label in (("a ladder in the garden", "keep"), ("soup for supper", "remove"), ("a ladder fell", "keep")):
        (item,) = make_items(cast.project, gold=label)
        type(item).objects.filter(pk=item.pk).update(payload={"text": text})
    (asked,) = make_items(cast.project)
    type(asked).objects.filter(pk=asked.pk).update(payload={"text": "the ladder of the neighbour"})
    run = work(start(prompt=make(way="similar", count=2)))
    assert run.labelled == 4
    for body in llm.requests:
        shown, _, own = body["messages"][1]["content"].partition("# Item\n\n")
        assert shown.count("Right answer: ") == 2
        assert own.partition("\n\n")[0] not in shown
        if "neighbour" in own:
            assert "soup" not in shown
            assert shown.count("ladder") == 2


def test_a_prompt_without_anything_to_show_says_so(cast, make, start):
    make_items(cast.project, 2)
    for way in ("balanced", "similar"):
        with pytest.raises(DomainError) as refusal:
            start(prompt=make(way, way=way))
        assert refusal.value.code == "no_examples"


def test_an_example_whose_label_is_gone_stops_the_start_and_says_which(cast, make, start):
    items = make_items(cast.project, 2)
    prompt = make(way="hand", picked=((items[0].pk, "keep"),))
    cast.schema.config["labels"] = cast.schema.config["labels"][1:]
    type(cast.schema).objects.filter(pk=cast.schema.pk).update(config=cast.schema.config)
    with pytest.raises(DomainError) as refusal:
        start(prompt=prompt)
    assert refusal.value.code == "example_outdated"


def test_samples_are_drawn_at_the_temperature_with_their_own_seeds_and_voted_on(cast, llm, make, start, work):
    said = {0: "B", 1: "C", 2: "C"}
    llm.answer = lambda body: [(said[body["seed"] % 3], {said[body["seed"] % 3]: 1.0}), ("", {"": 1.0})]
    make_items(cast.project)
    run = work(start(prompt=make(samples=3, temperature=0.8)))
    assert sorted(body["seed"] for body in llm.requests) == [20_260, 20_261, 20_262]
    assert {body["temperature"] for body in llm.requests} == {0.8}
    label = Annotation.objects.get(run=run)
    assert label.confidence == pytest.approx(2.5 / 4.5)
    assert (label.signs.samples, label.signs.share) == (3, pytest.approx(2 / 3))
    assert label.signs.entropy == pytest.approx(0.9183, abs=1e-4)
    assert run.prompt_tokens == 3 * PROMPT_TOKENS


def test_most_samples_must_be_usable(cast, llm, make, start, work):
    make_items(cast.project)
    llm.faults.extend(["outside"] * 2)  # the first sample and its second try
    assert work(start(prompt=make(samples=3))).labelled == 1
    make_items(cast.project)
    llm.faults.extend(["outside"] * 4)
    run = work(start(prompt=make("other", samples=3, temperature=0.9), max_items=1))
    assert (run.labelled, run.unanswered) == (0, 1)


def test_in_how_many_orders_of_the_options_the_label_was_said_is_stored(cast, llm, make, start, work):
    """A model that always takes the first option says something else in every order; one that reads says the same."""
    make_items(cast.project)
    llm.choose = lambda text, names: ["Keep"]
    label = Annotation.objects.get(run=work(start(prompt=make("reads", orders=3))))
    assert (label.signs.orders, label.signs.order_share, label.signs.share) == (3, 1.0, None)
    llm.answer = lambda body: [("A", {"A": 0.5, "B": 0.25, "C": 0.25}), ("", {"": 1.0})]
    label = Annotation.objects.get(run=work(start(prompt=make("first", orders=3, instructions="Be quick."))))
    assert (label.signs.orders, label.signs.order_share) == (3, pytest.approx(1 / 3))
    assert (label.signs.stated, label.signs.entropy) == (None, None)  # not asked for: absent
    both = Annotation.objects.get(run=work(start(prompt=make("both", orders=2, samples=2))))
    assert (both.signs.orders, both.signs.samples) == (2, 4)


def test_stated_certainty_is_stored_apart_and_a_plain_label_has_no_signs(cast, make, start, work):
    make_items(cast.project)
    label = Annotation.objects.get(run=work(start(prompt=make(stated=True, thinking="before"))))
    assert label.signs.stated == pytest.approx(0.6)
    assert label.confidence == pytest.approx(0.8)
    assert label.reason == "The rules say so."
    work(start())
    assert AnswerSigns.objects.count() == 1


@pytest.mark.parametrize("thinking", ["off", "after", "before"])
def test_an_answer_that_is_cut_off_is_unanswered_with_that_reason(cast, llm, make, start, work, thinking):
    make_items(cast.project)
    llm.fault_for = lambda text: "cut" if thinking != "off" else None
    if thinking == "off":
        llm.answer = lambda body: [("Well", {"Well": 1.0})]
        llm.fault_for = lambda text: "cut"
    run = work(start(prompt=make(thinking=thinking)))
    assert run.unanswered == 1
    assert RunItem.objects.get(run=run).reason == "The answer was cut off before its end."


def test_a_prompt_in_another_language_is_asked_in_it(cast, llm, make, start, work):
    make_items(cast.project)
    assert work(start(prompt=make(language="de", thinking="after"))).labelled == 1
    words = json.dumps(llm.requests[0]["messages"], ensure_ascii=False)
    assert "Richtlinien" in words
    assert "Guidelines" not in words
