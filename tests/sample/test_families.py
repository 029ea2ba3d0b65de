"""Every family is complete, its members differ in the identity alone, and every sentence is well-formed."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from evenhand.sample.grammar import Identity, TemplateError, keep, render, with_article
from evenhand.sample.identities import GENDER, crossed_with_gender
from evenhand.sample.messages import SampleItem, generate
from evenhand.sample.templates import TEMPLATE_SETS, TemplateSet

ALTERNATIVES = re.compile(r"\[(\w+)\|(\w+)\]")
GENDERED = re.compile(
    r"\b(she|her|hers|he|him|his|man|men|woman|women|boys?|girls?|lad|lads|lady|ladies|guys?|mum|dad|mother|father|"
    r"brother|sister|wife|husband|sons?|daughters?|aunt|uncle)\b",
    re.IGNORECASE,
)


def _words_of_identity(templates: TemplateSet) -> list[str]:
    """Every word that a set's identities can put into a text, longest first."""
    return sorted(
        {word for identity in templates.identities for word in identity.forms.values()}, key=len, reverse=True
    )


def _masked(text: str, words: list[str], template_text: str) -> str:
    """The text with each identity word replaced by one sign, and the article and verb that follow from it."""
    masked = re.sub("|".join(rf"\b{re.escape(word)}\b" for word in words), "#", text, flags=re.IGNORECASE)
    for singular, plural in ALTERNATIVES.findall(template_text):
        masked = re.sub(rf"\b({singular}|{plural})\b", "~", masked)
    return re.sub(r"\b([Aa])n? #", r"\1 #", masked)


@pytest.mark.parametrize("templates", TEMPLATE_SETS, ids=lambda one: "-".join(one.attributes))
@pytest.mark.parametrize("seed", [20_260, 5])
def test_members_are_the_same_text_after_swapping_the_identity(templates: TemplateSet, seed: int) -> None:
    words = _words_of_identity(templates)
    everything = generate(seed=seed)
    for template in templates.templates:
        members = [item for item in everything if item.family == templates.family_key(template)]
        assert len({_masked(item.text, words, template.text) for item in members}) == 1, members
        assert any("#" in _masked(item.text, words, template.text) for item in members)


def test_the_mask_does_not_hide_a_real_difference() -> None:
    words = ["Pole", "Pole's", "Syrian"]
    assert _masked("A Pole is late.", words, "") == _masked("A Syrian is late.", words, "")
    assert _masked("A Pole is late.", words, "") != _masked("A Syrian is early.", words, "")


@pytest.mark.parametrize("templates", TEMPLATE_SETS, ids=lambda one: "-".join(one.attributes))
def test_a_family_has_one_member_for_every_identity(
    families: dict[str, list[SampleItem]], templates: TemplateSet
) -> None:
    wanted = sorted(tuple(identity.groups.items()) for identity in templates.identities)
    for template in templates.templates:
        members = families[templates.family_key(template)]
        assert sorted(tuple(item.groups.items()) for item in members) == wanted
        assert len({item.latent for item in members}) == 1


def test_there_are_many_templates_of_every_severity() -> None:
    templates = [template for one in TEMPLATE_SETS for template in one.templates]
    assert len({template.text for template in templates}) == len(templates) == 196
    assert Counter(template.truth for template in templates) == {"keep": 98, "review": 49, "remove": 49}
    assert {template.trouble for template in templates} == {"", "ambiguous", "guideline", "fragment"}
    assert all(template.lean != template.truth for template in templates)
    assert len({template.difficulty for template in templates}) == 3


@pytest.mark.parametrize("seed", range(4))
def test_articles_agree(seed: int) -> None:
    for item in generate(seed=seed):
        assert not re.search(r"\ba [aeiou]", item.text, re.IGNORECASE), item.text
        assert not re.search(r"\ban (?!hour)[^aeiou]", item.text, re.IGNORECASE), item.text


@pytest.mark.parametrize("seed", range(4))
def test_sentences_are_well_formed(seed: int) -> None:
    for item in generate(seed=seed):
        text = item.text
        assert not re.search(r"[\[\]{}|]", text), text
        assert text == " ".join(text.split())
        assert re.match(r'"?[A-Z]', text), text
        assert re.search(r"([.!?]| :\)| 😄)$", text), text
        assert not re.search(r"(?<!\.\.)[.!?]+ [a-z]", text), text
        assert not re.search(r"\b(\w+) \1\b", text, re.IGNORECASE), text
        assert 20 <= len(text) <= 180, text


def test_verbs_and_plurals_agree(items: list[SampleItem]) -> None:
    plurals = {identity.forms["people"] for one in TEMPLATE_SETS for identity in one.identities}
    many = "|".join(re.escape(word) for word in plurals)
    for item in items:
        assert not re.search(r"\bthey (is|was|has|does|\w+[^s']s)\b", item.text, re.IGNORECASE), item.text
        assert not re.search(r"\b(he|she) (are|were|have|do)\b", item.text, re.IGNORECASE), item.text
        assert not re.search(rf"\b({many}) (is|was|has|lies|works|lives)\b", item.text), item.text
        assert not re.search(rf"\ban? ({many})\b", item.text), item.text


def test_proper_names_keep_their_capital(items: list[SampleItem]) -> None:
    proper = {
        word
        for one in TEMPLATE_SETS
        for identity in one.identities
        for word in identity.forms.values()
        if word[0].isupper()
    }
    for item in items:
        for word in proper:
            assert not re.search(rf"\b{word.lower()}\b", item.text), item.text


def test_a_family_about_something_else_does_not_tell_a_gender(items: list[SampleItem]) -> None:
    for item in items:
        if "gender" not in item.groups:
            assert not GENDERED.search(item.text), item.text


def test_a_message_mentions_its_own_group_and_no_other(items: list[SampleItem]) -> None:
    names = ("Christian", "Hindu", "Jewish", "Muslim", "Brazil", "Nigeria", "Polish", "Poland", "Syria")
    stems = {"Brazil": "Brazilian", "Nigeria": "Nigerian", "Poland": "Polish", "Syria": "Syrian"}
    for item in items:
        for name in names:
            if re.search(rf"\b{name}", item.text):
                assert stems.get(name, name) in item.groups.values(), item.text


@pytest.mark.parametrize(("words", "expected"), [("imam", "an imam"), ("Eid", "an Eid"), ("Hindu", "a Hindu")])
def test_with_article(words: str, expected: str) -> None:
    assert with_article(words) == expected


def test_render_fills_capitals_articles_and_verbs() -> None:
    they = next(one for one in GENDER if one.plural_verb)
    she = next(one for one in GENDER if one.groups == {"gender": "woman"})
    template = keep("example", "[A person] waits. [Subj] [sings|sing] on {street}.")
    assert render(template, they, {"street": "Mill Road"}) == "A non-binary person waits. They sing on Mill Road."
    assert render(template, she, {"street": "Mill Road"}) == "A woman waits. She sings on Mill Road."


def test_crossing_names_both_groups() -> None:
    deaf = Identity({"disability": "deaf"}, {"person": "deaf person", "people": "deaf people"})
    wheelchair = Identity({"disability": "wheelchair user"}, {"person": "", "people": ""})
    syrian = Identity({"origin": "Syrian"}, {"adj": "Syrian", "person": "Syrian", "people": "Syrians"})
    named = [one.forms["people"] for one in crossed_with_gender((deaf, wheelchair, syrian))]
    assert named == [
        "deaf men",
        "deaf non-binary people",
        "deaf women",
        "men in wheelchairs",
        "non-binary people in wheelchairs",
        "women in wheelchairs",
        "Syrian men",
        "non-binary Syrian people",
        "Syrian women",
    ]


@pytest.mark.parametrize(
    ("text", "slot"),
    [("The [planet] is closed.", "[planet]"), ("Meet at {planet}.", "{planet}"), ("Meet at {}.", "{}")],
)
def test_a_slot_that_nothing_fills_is_named(text: str, slot: str) -> None:
    with pytest.raises(TemplateError, match="example") as caught:
        render(keep("example", text), GENDER[0], {"street": "Mill Road"})
    assert slot in str(caught.value)
