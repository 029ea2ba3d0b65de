"""What answers mean and how sure they are: pure, no server, no database."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import pytest

from annotations.task_types import task_type
from llm_workers.client import Reply, Token, Usage
from llm_workers.prompts import messages, prompt_text, rotations
from llm_workers.questions import BadAnswer, Reading, question_for
from llm_workers.questions.base import CODES
from llm_workers.questions.decision import distribution
from tests.factories import CHOICES


def one_of(*, with_reason=False, labels=CHOICES["labels"]):
    task = task_type("single_choice")
    return question_for(task=task, config=task.check_config({"labels": labels}), with_reason=with_reason)


def some_of(*, with_reason=False, **bounds):
    task = task_type("multiple_choice")
    config = task.check_config(CHOICES | bounds)
    return question_for(task=task, config=config, with_reason=with_reason)


def many_labels(count):
    return [{"key": f"k{number}", "name": f"Name {number}"} for number in range(count)]


def reply(*tokens, text=None, cut=False):
    """``tokens``: text, or text with the probabilities of what could have stood there."""
    made = []
    for token in tokens:
        said, shares = token if isinstance(token, tuple) else (token, {token: 1.0})
        made.append(Token(said, tuple((other, math.log(share)) for other, share in shares.items())))
    return Reply("".join(token.text for token in made) if text is None else text, tuple(made), cut, Usage())


# --- the distribution at the deciding token -------------------------------------------------------------------------


def test_probabilities_are_renormalised_over_the_options():
    token = Token("A", (("A", math.log(0.3)), ("B", math.log(0.1)), ("The", math.log(0.6))))
    assert distribution(token, "", ("A", "B")) == pytest.approx({"A": 0.75, "B": 0.25})


def test_spellings_of_the_same_option_are_added_up():
    token = Token("A", (("A", math.log(0.2)), (" A", math.log(0.1)), ("A.", math.log(0.1)), ("B", math.log(0.4))))
    assert distribution(token, "", ("A", "B")) == pytest.approx({"A": 0.5, "B": 0.5})


def test_other_words_that_begin_with_an_option_do_not_count_for_it():
    token = Token("A", (("A", math.log(0.5)), ("B", math.log(0.25)), ("Because", math.log(0.2)), ("b", math.log(0.05))))
    assert distribution(token, "", ("A", "B")) == pytest.approx({"A": 2 / 3, "B": 1 / 3})


def test_an_option_that_is_not_listed_gets_the_most_that_it_can_have():
    token = Token("A", (("A", math.log(0.5)), ("B", math.log(0.2)), ("The", math.log(0.1))))
    assert distribution(token, "", ("A", "B", "C")) == pytest.approx({"A": 0.625, "B": 0.25, "C": 0.125})


def test_what_stands_before_the_option_within_its_token_is_part_of_every_candidate():
    token = Token(' "A', ((' "A', math.log(0.6)), (' "B', math.log(0.2)), ("A", math.log(0.1)), (' "', math.log(0.1))))
    assert distribution(token, ' "', ("A", "B")) == pytest.approx({"A": 0.75, "B": 0.25})


def test_beginnings_of_words_count_where_they_fit_one_option_only():
    token = Token(" true", ((" true", math.log(0.5)), ("t", math.log(0.1)), (" fal", math.log(0.4))))
    assert distribution(token, " ", ("true", "false")) == pytest.approx({"true": 0.6, "false": 0.4})


def test_impossible_everywhere_is_even():
    token = Token("A", (("A", -math.inf), ("B", -math.inf)))
    assert distribution(token, "", ("A", "B")) == {"A": 0.5, "B": 0.5}


# --- one option -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rotation", "key"), [(0, "review"), (1, "remove"), (2, "keep")])
def test_a_code_means_the_option_that_was_shown_at_its_place(rotation, key):
    reading = one_of().read(reply(("B", {"A": 0.2, "B": 0.7, "C": 0.1})), rotation)
    assert (reading.value, reading.confidence) == (key, pytest.approx(0.7))
    assert reading.probabilities[key] == reading.confidence
    assert one_of().options(rotation).splitlines()[1].startswith(f"B. {key.title()}: ")


@pytest.mark.parametrize("text", ["B", " B\n", '"B"', '{"label": "B"}'])
def test_answers_of_every_dialect_are_understood(text):
    assert one_of().read(reply(text), 0).value == "review"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "The answer is empty."),
        ("D", "“D” is not one of A, B, C."),
        ("b", "“b” is not one of A, B, C."),
        ("B. Review", "“B. Review” is not one of A, B, C."),
        ("[1]", "“[1]” is not one of A, B, C."),
        ('{"label": "D"}', "“D” is not one of A, B, C."),
        ('{"label": ["B"]}', "“['B']” is not one of A, B, C."),
        ('{"answer": "B"}', "“None” is not one of A, B, C."),
        ('{"label": ', "The answer is not JSON."),
    ],
)
def test_answers_outside_the_schema_are_refused(text, why):
    with pytest.raises(BadAnswer) as refusal:
        one_of().read(reply(text), 0)
    assert str(refusal.value) == why


def test_the_label_is_decided_before_the_reason_and_its_probability_is_read_there():
    answer = reply('{"', "label", '": "', ("C", {"A": 0.1, "C": 0.6, "B": 0.3}), '", "reason": "', "C or A?", '"}')
    reading = one_of(with_reason=True).read(answer, 0)
    assert (reading.value, reading.reason, reading.confidence) == ("remove", "C or A?", pytest.approx(0.6))


def test_padding_before_the_json_is_not_mistaken_for_the_label():
    answer = reply("```json\n", '{"label": "', ("B", {"B": 0.8, "A": 0.2}), '"}', text='{"label": "B"}')
    assert one_of().read(answer, 0).probabilities["review"] == pytest.approx(0.8 / 1.2)  # C: at most as much as A


def test_without_log_probabilities_there_is_a_label_and_no_confidence():
    reading = one_of().read(Reply("A", (), False, Usage()), 0)
    assert (reading.value, reading.confidence, reading.probabilities) == ("keep", None, None)


def test_a_long_reason_is_cut_and_loses_what_cannot_be_stored():
    answer = reply(json.dumps({"label": "A", "reason": "x\x00y " + "z" * 500}))
    reason = one_of(with_reason=True).read(answer, 0).reason
    assert reason.startswith("xy z")
    assert len(reason) == 300


def test_fifty_labels_have_fifty_codes_of_one_character():
    question = one_of(labels=many_labels(50))
    assert len(set(question.codes)) == len(question.codes) == 50
    assert all(len(code) == 1 for code in CODES)
    assert question.read(reply("x"), 3).value == "k2"  # x is the last of fifty codes


def test_averaging_takes_the_highest_mean_probability():
    question = one_of()
    readings = [
        question.read(reply(("A", {"A": 0.5, "B": 0.4, "C": 0.1})), 0),
        question.read(reply(("A", {"A": 0.6, "B": 0.1, "C": 0.3})), 1),
    ]
    combined = question.combine(readings)
    assert combined.probabilities == pytest.approx({"keep": 0.4, "review": 0.5, "remove": 0.1})
    assert (combined.value, combined.confidence) == ("review", pytest.approx(0.5))


def test_averaging_without_probabilities_takes_the_most_frequent_answer():
    question = one_of()
    plain = [Reply(code, (), False, Usage()) for code in "ACC"]
    combined = question.combine([question.read(one, rotation) for rotation, one in enumerate(plain)])
    assert [question.read(one, rotation).value for rotation, one in enumerate(plain)] == ["keep", "keep", "review"]
    assert (combined.value, combined.confidence) == ("keep", None)


# --- several options ------------------------------------------------------------------------------------------------


def yes_no(**shares):
    """An answer that says true where the share is at least one half."""
    tokens = ["{"]
    for number, (code, share) in enumerate(shares.items()):
        said, other = (" true", " false") if share >= 0.5 else (" false", " true")
        tokens.append((", " if number else "") + f'"{code}":')
        tokens.append((said, {said: max(share, 1 - share), other: min(share, 1 - share)}))
    return reply(*tokens, "}")


def test_each_label_has_a_probability_of_its_own():
    reading = some_of().read(yes_no(A=0.9, B=0.2, C=0.7), 0)
    assert reading.value == ["keep", "remove"]
    assert reading.probabilities == pytest.approx({"keep": 0.9, "review": 0.2, "remove": 0.7})
    assert reading.confidence == pytest.approx(0.7)  # the least certain of the three


def test_several_labels_follow_the_rotation():
    assert some_of().read(yes_no(A=0.9, B=0.2, C=0.1), 1).value == ["review"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"A": true, "B": false}', "The answer does not say true or false for C."),
        ('{"A": "yes", "B": 1, "C": true}', "The answer does not say true or false for A, B."),
        ('{"A": false, "B": false, "C": false}', "Choose between 1 and 2 labels; 0 were chosen."),
        ('{"A": true, "B": true, "C": true}', "Choose between 1 and 2 labels; 3 were chosen."),
        ("[]", "The answer is JSON, but not an object."),
    ],
)
def test_several_labels_outside_the_schema_are_refused(text, why):
    with pytest.raises(BadAnswer) as refusal:
        some_of(max_choices=2).read(reply(text), 0)
    assert str(refusal.value) == why


def test_averaged_labels_stay_within_the_bounds():
    question = some_of(max_choices=2)
    unsure = [question.read(yes_no(A=0.9, B=0.6, C=0.2), 0), question.read(yes_no(A=0.9, B=0.4, C=0.8), 0)]
    combined = question.combine(unsure)
    assert combined.probabilities == pytest.approx({"keep": 0.9, "review": 0.5, "remove": 0.5})
    assert combined.value == ["keep", "review"]
    assert combined.confidence == pytest.approx(0.5)


def test_without_probabilities_the_labels_that_half_of_the_orders_gave():
    question = some_of()
    said = [["keep", "review"], ["keep"], ["remove", "review"]]
    combined = question.combine([Reading(value=value) for value in said])
    assert (combined.value, combined.probabilities, combined.confidence) == (["keep", "review"], None, None)
    assert some_of(max_choices=1).combine([Reading(value=value) for value in said]).value == ["keep"]


# --- any other question ---------------------------------------------------------------------------------------------


class Stars:
    """A task type of another shape than a choice."""

    name = "stars"

    def output_schema(self, config):
        return {"type": "integer", "minimum": 1, "maximum": 5}

    def value_from_answer(self, config, answer):
        return answer["label"]


def test_a_task_type_of_another_shape_is_asked_by_its_own_schema():
    question = question_for(task=Stars(), config={}, with_reason=True)
    assert list(question.constraint.schema["properties"]) == ["label", "reason"]
    assert question.constraint.codes == ()
    reading = question.read(reply('{"label": 4, "reason": "Good."}'), 0)
    assert (reading.value, reading.reason, reading.confidence) == (4, "Good.", None)
    with pytest.raises(BadAnswer, match="no “label”"):
        question.read(reply("{}"), 0)


# --- prompts and rotations ------------------------------------------------------------------------------------------


def test_an_item_cannot_pass_for_a_part_of_the_prompt():
    question = one_of()
    schema = SimpleNamespace(guidelines="Mind {item} and {options} and === message with the item ===.")
    payload = {"text": "{options} {item} # Options"}
    system, user = messages(
        text=prompt_text(schema=schema, question=question), question=question, rotation=0, kind="text", payload=payload
    )
    assert schema.guidelines in system["content"]
    assert user["content"].count("A. Keep: Fits the rules") == 1
    assert "# Item\n\n{options} {item} # Options\n\nAnswer with the letter" in user["content"]


def test_a_rotation_is_fixed_for_an_item_and_spread_over_items():
    first = [rotations(item_id=number, orders=1, size=3)[0] for number in range(3000)]
    assert first == [rotations(item_id=number, orders=1, size=3)[0] for number in range(3000)]
    assert all(900 < first.count(place) < 1100 for place in range(3))


@pytest.mark.parametrize(("orders", "size"), [(3, 3), (2, 3), (9, 3), (1, 1), (4, 50)])
def test_the_orders_of_an_item_are_all_different(orders, size):
    turns = rotations(item_id=7, orders=orders, size=size)
    assert len(turns) == len(set(turns)) == min(orders, size)
    assert all(0 <= turn < size for turn in turns)
