"""Reasoning, stated certainty, languages, samples: how an answer is asked for and read. Pure."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import pytest

from annotations.task_types import task_type
from llm_workers.client import Reply, Usage
from llm_workers.prompts import Example, messages, prompt_hash, prompt_text
from llm_workers.questions import BadAnswer, Shape, question_for
from llm_workers.questions.base import Reading
from llm_workers.questions.samples import entropy, over_orders, stated_of, vote
from llm_workers.questions.wording import ENGLISH, WORDINGS
from llm_workers.recipe import Recipe, recipe_from
from tests.factories import CHOICES
from tests.llm_workers.test_questions import Stars, reply

SINGLE, MULTIPLE = "single_choice", "multiple_choice"


def question(kind=SINGLE, **shape):
    if kind == "stars":
        return question_for(task=Stars(), config={}, shape=Shape(**shape))
    task = task_type(kind)
    return question_for(task=task, config=task.check_config(CHOICES), shape=Shape(**shape))


def said(**fields):
    return Reply(json.dumps(fields), (), False, Usage())


@pytest.mark.parametrize(
    ("shape", "order"),
    [
        ({"thinking": "after"}, ["label", "reason"]),
        ({"thinking": "before"}, ["reason", "label"]),
        ({"thinking": "before", "stated": True}, ["reason", "label", "certainty"]),
        ({"stated": True}, ["label", "certainty"]),
    ],
)
@pytest.mark.parametrize("kind", [SINGLE, "stars"])
def test_the_answer_s_fields_stand_in_the_order_of_the_reasoning(kind, shape, order):
    asked = question(kind, **shape).constraint
    assert list(asked.schema["properties"]) == asked.schema["required"] == order
    assert asked.codes == ()


def test_the_label_stays_constrained_after_a_chain_of_reasoning():
    assert question(thinking="before").constraint.schema["properties"]["label"]["enum"] == ["A", "B", "C"]


def test_longer_answers_are_given_more_tokens():
    lengths = [question(thinking=thinking).constraint.max_tokens for thinking in ("off", "after", "before")]
    assert lengths == sorted(set(lengths))
    assert question(stated=True).constraint.max_tokens > lengths[0]


def test_the_probability_is_read_at_the_label_s_token_after_the_reasoning():
    answer = reply(
        '{"reason": "',
        'A says \\"label\\": \\"A\\", but no.',
        '", "label": "',
        ("C", {"A": 0.1, "C": 0.6, "B": 0.3}),
        '"}',
    )
    reading = question(thinking="before").read(answer, 0)
    assert (reading.value, reading.confidence) == ("remove", pytest.approx(0.6))
    assert reading.reason.endswith("but no.")


def test_several_labels_with_reasoning_first():
    asked = question(MULTIPLE, thinking="before", stated=True)
    assert list(asked.constraint.schema["properties"]) == ["reason", "A", "B", "C", "certainty"]
    reading = asked.read(said(reason="Both.", A=True, B=False, C=True, certainty=70), 0)
    assert (reading.value, reading.reason, reading.stated) == (["keep", "remove"], "Both.", 0.7)


def test_stated_certainty_is_kept_apart_from_the_probability():
    answer = reply('{"label": "', ("B", {"B": 0.9, "A": 0.05, "C": 0.05}), '", "certainty": 20}')
    reading = question(stated=True).read(answer, 0)
    assert (reading.stated, reading.confidence) == (0.2, pytest.approx(0.9))


@pytest.mark.parametrize("certainty", [-1, 101, "90", 0.9, True, None])
def test_a_certainty_that_is_none_is_a_bad_answer(certainty):
    with pytest.raises(BadAnswer, match="whole number from 0 to 100"):
        question(stated=True).read(said(label="A", certainty=certainty), 0)


@pytest.mark.parametrize("shape", [{}, {"thinking": "before"}])
def test_an_answer_that_ran_out_of_tokens_says_so(shape):
    with pytest.raises(BadAnswer, match="cut off before its end"):
        question(**shape).read(Reply("Well, there is much to", (), True, Usage()), 0)


# --- languages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", sorted(WORDINGS))
@pytest.mark.parametrize("kind", [SINGLE, MULTIPLE, "stars"])
@pytest.mark.parametrize("thinking", ["off", "after", "before"])
@pytest.mark.parametrize("stated", [False, True])
def test_every_sentence_is_whole_in_every_language(language, kind, thinking, stated):
    words = WORDINGS[language]
    asked = question(kind, thinking=thinking, stated=stated, wording=words)
    text = prompt_text(schema=SimpleNamespace(guidelines=""), question=asked, examples=True)
    assert words.frame in text
    assert words.no_guidelines in text
    assert ('"certainty"' in text) == stated
    assert ('"reason"' in text) == (thinking != "off")
    if kind != "stars":
        assert "{" not in asked.instruction().replace('{"', "")  # every place was filled
    if language != "en":
        assert ENGLISH.item not in text.split()


def test_letters_are_the_same_in_every_language():
    assert {question(wording=words).options(0) for words in WORDINGS.values()} == {question().options(0)}


# --- samples --------------------------------------------------------------------------------------------------------


def readings(*values, confidence=0.5):
    return [Reading(value, {"keep": 0.5}, confidence, f"why {value}") for value in values]


def test_the_label_is_what_most_samples_say_and_the_share_is_not_taken_for_a_certainty():
    together = vote(question(), readings("keep", "remove", "keep", "keep"))
    assert (together.value, together.samples, together.share) == ("keep", 4, 0.75)
    assert together.confidence == pytest.approx(3.5 / 5.5)
    assert sum(together.probabilities.values()) == pytest.approx(1)
    assert together.entropy == pytest.approx(0.811278, abs=1e-6)
    unanimous = vote(question(), readings(*["keep"] * 5))
    assert unanimous.confidence == pytest.approx(5.5 / 6.5)
    assert unanimous.entropy == 0


def test_of_equally_frequent_labels_the_more_probable_one_is_taken():
    made = [*readings("keep", confidence=0.4), *readings("remove", confidence=0.9)]
    assert vote(question(), made).value == "remove"
    assert vote(question(), readings("review", "keep")).value == "review"  # else the first


def test_samples_of_several_labels_and_of_other_values():
    several = vote(question(MULTIPLE), readings(["keep"], ["keep", "remove"], ["keep"]))
    assert several.value == ["keep"]
    assert several.probabilities == pytest.approx({"keep": 3.5 / 4, "review": 0.5 / 4, "remove": 1.5 / 4})
    assert several.confidence == pytest.approx(2.5 / 4)
    stars = vote(question("stars"), [Reading(4), Reading(5), Reading(4)])
    assert (stars.value, stars.probabilities, stars.confidence) == (4, None, pytest.approx(2.5 / 4))


def test_entropy_in_bits():
    assert [entropy([4]), entropy([2, 2]), entropy([1, 1, 1, 1])] == [0, 1, 2]
    assert math.isclose(entropy([3, 1]), 0.8112781244591328)


@pytest.mark.parametrize(
    ("rotations", "values", "share"),
    [
        ([0, 1, 2], ["keep", "keep", "keep"], 1.0),
        ([0, 1, 2], ["keep", "remove", "keep"], 2 / 3),
        ([0, 1], ["remove", "review"], 0.0),
        ([0, 0, 0, 1, 1, 1], ["keep", "keep", "remove", "remove", "remove", "keep"], 0.5),  # one answer for each order
        ([0, 0, 1], ["keep", "remove", "keep"], 0.75),  # a tie is half an answer
        ([0, 1], [["keep"], ["keep"]], 0.0),  # another value than the label
    ],
)
def test_agreement_across_orders_counts_orders_and_not_samples(rotations, values, share):
    assert over_orders(rotations, values, "keep") == (len(set(rotations)), pytest.approx(share))


@pytest.mark.parametrize("rotations", [[], [2], [1, 1, 1]])
def test_one_order_says_nothing_of_agreement_across_orders(rotations):
    assert over_orders(rotations, ["keep"] * len(rotations), "keep") == (len(set(rotations)), None)


def test_certainty_is_averaged_over_the_samples_that_gave_the_label():
    made = [Reading("keep", stated=0.9), Reading("remove", stated=0.1), Reading("keep", stated=0.7)]
    assert stated_of(made, "keep") == pytest.approx(0.8)
    assert stated_of(made, "review") is None


# --- prompts and recipes --------------------------------------------------------------------------------------------


def test_examples_stand_between_options_and_item_with_the_letters_of_the_rotation():
    asked = question()
    text = prompt_text(schema=SimpleNamespace(guidelines="G"), question=asked, examples=True)
    shown = [Example(1, "text", {"text": "{item} {options}"}, "keep"), Example(2, "text", {"text": "second"}, "remove")]
    for rotation, letters in ((0, "AC"), (1, "CB"), (2, "BA")):
        _system, user = messages(
            text=text, question=asked, rotation=rotation, kind="text", payload={"text": "mine"}, examples=shown
        )
        content = user["content"]
        places = [content.index(part) for part in ("# Options", "# Examples", "{item} {options}", "second", "# Item")]
        assert places == sorted(places)
        assert content.endswith("# Item\n\nmine\n\nAnswer with the letter of one option.")
        assert f"Right answer: {letters[0]}\n" in content
        assert f"second\nRight answer: {letters[1]}\n" in content
    assert question(MULTIPLE).example(["keep", "remove"], 1) == "B, C"
    assert question(MULTIPLE).example([], 0) == "none"


def test_equal_choices_give_equal_recipes_and_every_choice_that_counts_another_hash():
    base = Recipe(samples=3, way="balanced", attribute="religion")
    changes = [{"instructions": "x"}, {"language": "fr"}, {"thinking": "after"}, {"stated": True}, {"orders": 2},
               {"samples": 4}, {"temperature": 0.9}, {"way": "similar"}, {"count": 5}, {"attribute": ""},
               {"seed": 1}]  # fmt: skip
    made = [base, *(Recipe(**({"samples": 3, "way": "balanced", "attribute": "religion"} | one)) for one in changes)]
    hashes = {
        prompt_hash(text="t", schema_id=1, with_reason=False, orders=1, recipe=recipe.as_json()) for recipe in made
    }
    assert len(hashes) == len(made)
    assert Recipe(temperature=0.3).as_json() == Recipe(temperature=0.9).as_json()  # one sample is drawn at 0
    assert recipe_from(base.as_json()) == base
    picked = Recipe(way="hand", picked=((3, "keep"),))
    assert recipe_from(json.loads(json.dumps(picked.as_json()))) == picked


def test_a_prompt_without_choices_keeps_the_hash_that_it_always_had():
    made = prompt_hash(text="t", schema_id=1, with_reason=False, orders=1)
    assert made == "c036414fa4fd7b25353485a11f7bc8d53998d2d867f5d2809126b7cd883eb9e5"
