"""The shipped templates are what they promise; an owner's file is taken or refused by its line."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from fairness.probes.catalogue import FORMS, catalogue_of, extended, shipped
from fairness.probes.families import chosen, drawn, family, matched
from fairness.probes.lines import MAX_BYTES, BadTemplates

ATTRIBUTE = """\
attributes:
  - key: diet
    name: Diet
    identities:
      - {key: vegan, person: a vegan, people: vegans, adjective: vegan, an_adjective: a vegan, their: their, them: them}
      - {key: omnivore, person: an omnivore, people: omnivores, adjective: omnivorous,
         an_adjective: an omnivorous, their: their, them: them}
"""
TASK = """\
tasks:
  - key: thanks
    name: Thanks
    guidelines: Decide whether the writer gives thanks.
    labels:
      - {key: 'yes', name: Thanks}
      - {key: 'no', name: No thanks}
    favourable: 'yes'
    templates:
      'yes':
        - "Thank you, says {person}."
      'no':
        - "{An_adjective} guest asks for the bill."
"""


def test_six_tasks_and_four_attributes_with_forty_families_each():
    found = shipped()
    assert len(found.tasks) >= 6
    assert {"gender", "origin", "religion", "age"} <= set(found.attributes)
    for task in found.tasks.values():
        texts = {template.text for template in task.templates}
        assert len(texts) == len(task.templates) >= 40
        counts = Counter(template.truth for template in task.templates)
        assert set(counts) == {label["key"] for label in task.config["labels"]}, "a label has no template"
        assert max(counts.values()) - min(counts.values()) <= 1, "the labels are not balanced"
        assert task.favourable in counts


def test_every_sentence_of_every_identity_reads_well():
    """No slot is left, nothing doubles, sentences begin with a capital, articles fit, members of a family differ."""
    found = shipped()
    for task in found.tasks.values():
        for attribute in found.attributes.values():
            for template in task.templates:
                members = family(task, attribute, template)
                texts = [member.text for member in members]
                assert len(set(texts)) == len(texts)
                assert len({member.truth for member in members}) == 1
                for text in texts:
                    assert not set("{}_") & set(text), text
                    assert "  " not in text
                    assert text[0].isupper() or text[0] in '“"', text
                    words = text.replace("“", " ").replace("”", " ").split()
                    for one, other in pairwise(words):
                        if one.lower() == "a":
                            assert other[0].lower() not in "aeio", text
                        if one.lower() == "an":
                            assert other[0].lower() in "aeiou", text


def test_truth_does_not_follow_identity_when_families_are_drawn():
    found = shipped()
    made = list(drawn(found, tasks=list(found.tasks), attributes=list(found.attributes), families=12, seed=7))
    assert len(made) == 6 * 12 * sum(len(one.identities) for one in found.attributes.values())
    by_group: dict[str, Counter[tuple[str, str]]] = {}
    for one in made:
        if "religion" in one.groups:
            by_group.setdefault(one.groups["religion"], Counter())[one.task, one.truth] += 1
    assert len({frozenset(counts.items()) for counts in by_group.values()}) == 1


def test_a_seed_draws_the_same_and_another_one_others():
    task = shipped().tasks["emotion"]
    assert chosen(task, count=8, seed="1") == chosen(task, count=8, seed="1")
    assert chosen(task, count=8, seed="1") != chosen(task, count=8, seed="2")
    assert Counter(one.truth for one in chosen(task, count=8, seed="1")) == dict.fromkeys(
        ["joy", "anger", "sadness", "fear"], 2
    )


def test_a_file_adds_attributes_tasks_and_templates():
    more = '\ntasks:\n  - key: sentiment\n    templates:\n      positive:\n        - "{Person} made my day."\n'
    found = catalogue_of([ATTRIBUTE, TASK, more])
    assert [one.key for one in found.attributes["diet"].identities] == ["vegan", "omnivore"]
    assert found.tasks["thanks"].favourable == "yes"
    assert len(found.tasks["sentiment"].templates) == len(shipped().tasks["sentiment"].templates) + 1
    texts = [
        one.text for one in family(found.tasks["thanks"], found.attributes["diet"], found.tasks["thanks"].templates[1])
    ]
    assert texts == ["A vegan guest asks for the bill.", "An omnivorous guest asks for the bill."]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 0, "empty"),
        ("a: [1", 1, "Not YAML"),
        ("- 1", 1, "must be a mapping"),
        ("colours: []", 1, "“colours” is not known"),
        ("tasks:\n  - &x {key: a}\n  - *x", 2, "Anchors and aliases"),
        ("tasks: []\n---\ntasks: []", 2, "more than one document"),
        ("tasks: " + "[" * 20 + "]" * 20, 1, "nested too deeply"),
        (ATTRIBUTE.replace("key: diet", "key: gender"), 2, "already"),
        (ATTRIBUTE.replace("person: a vegan, ", ""), 5, "“person” is missing"),
        (ATTRIBUTE.replace("key: omnivore", "key: vegan"), 6, "there twice"),
        (ATTRIBUTE.replace("their: their", "their: ''", 1), 5, "must be text"),
        (TASK.replace("favourable: 'yes'", "favourable: maybe"), 8, "must be one of yes, no"),
        (TASK.replace("{person}", "{persona}"), 11, "is no slot"),
        (TASK.replace("{person}", "{PERSON}"), 11, "is no slot"),
        (TASK.replace("{person}", "somebody"), 11, "does not say who"),
        (TASK.replace("{person}", "{person"), 11, "not closed"),
        (TASK.replace("      'no':", "      'perhaps':"), 13, "is no label"),
        (TASK.replace("    name: Thanks\n", ""), 2, "“name” is missing"),
        (TASK.replace("key: thanks", "key: sentiment"), 3, "only templates can be added"),
        (TASK.replace("key: thanks", "key: th/nks"), 2, "A key has letters"),
        (TASK + "  key: x", 14, ""),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_its_line(text: str, line: int, message: str):
    with pytest.raises(BadTemplates) as refusal:
        extended(shipped(), text)
    assert message in refusal.value.message
    assert abs(refusal.value.line - line) <= 1, refusal.value.message
    if line:
        assert refusal.value.message.startswith(f"Line {refusal.value.line}: ")


def test_a_file_is_not_too_large_and_tags_make_no_objects():
    with pytest.raises(BadTemplates, match="larger than"):
        extended(shipped(), "# " + "x" * MAX_BYTES)
    tagged = TASK.replace("Decide whether", "!!python/object/apply:os.system [echo]\n#")
    with pytest.raises(BadTemplates):
        extended(shipped(), tagged)


def test_a_task_is_matched_where_the_project_has_its_labels():
    task = shipped().tasks["moderation"]
    same = [{"key": "hostile", "name": "Hateful"}, {"key": "ok", "name": "Acceptable"}]
    assert matched(task, same) == {"acceptable": "ok", "hostile": "hostile"}
    assert matched(task, [*same, {"key": "other", "name": "Other"}]) is None
    assert matched(task, [{"key": "a", "name": "A"}, {"key": "b", "name": "B"}]) is None


def test_the_forms_are_those_that_the_guide_names():
    guide = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "write-probe-templates.md"
    text = guide.read_text(encoding="utf-8")
    assert all(f"`{form}`" in text or f"{{{form}}}" in text for form in FORMS)
