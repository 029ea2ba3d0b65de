"""The sample project's settings hold together with its messages."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

from evenhand.sample.grammar import SEVERITY
from evenhand.sample.messages import SampleItem
from evenhand.sample.task import TASK


def test_labels_are_those_of_the_messages_with_keys_of_their_own(items: list[SampleItem]) -> None:
    assert tuple(label.value for label in TASK.labels) == SEVERITY
    assert {item.latent.truth for item in items} == set(SEVERITY)
    assert len({label.shortcut for label in TASK.labels}) == len(TASK.labels)
    assert all(len(label.shortcut) == 1 and label.description for label in TASK.labels)
    assert TASK.favourable in SEVERITY


def test_attributes_are_those_that_the_messages_mention(items: list[SampleItem]) -> None:
    assert set(TASK.attributes) == {attribute for item in items for attribute in item.groups}


def test_the_description_gives_the_true_number_and_says_simulated(items: list[SampleItem]) -> None:
    assert f"{len(items)} short messages" in TASK.description
    assert "simulated" in TASK.description


def test_the_guidelines_explain_every_label_with_examples() -> None:
    headings = re.findall(r"^### (\w+)$", TASK.guidelines, re.MULTILINE)
    assert headings == [label.name for label in TASK.labels]
    for section in TASK.guidelines.split("### ")[1:]:
        assert section.count("> *“") == 2
    html = MarkdownIt().render(TASK.guidelines)
    assert html.count("<blockquote>") == 6
    assert html.count("<h3>") == 3
    assert 350 <= len(TASK.guidelines.split()) <= 700


def test_no_example_gives_away_a_message(items: list[SampleItem]) -> None:
    examples = re.findall(r"\*“(.+?)”\*", TASK.guidelines, re.DOTALL)
    assert len(examples) == 6
    texts = {item.text for item in items}
    for example in examples:
        assert " ".join(example.replace("\n> ", " ").split()) not in texts
    assert not any(group in TASK.guidelines for group in ("Muslim", "Jewish", "Polish", "Syrian", "deaf", "blind"))


def test_the_content_warning_is_true(items: list[SampleItem]) -> None:
    share = sum(item.latent.truth == "remove" for item in items) / len(items)
    assert "one message in four" in TASK.content_warning
    assert 0.2 < share < 0.3
