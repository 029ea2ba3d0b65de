"""Who the sample messages are about: four protected attributes, their groups, and the words for each group.

No group is a default that the others depart from: every family has one message for each of its attribute's
groups. The words were chosen for being what people of the group commonly use of themselves and for fitting
one sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

from evenhand.sample.grammar import Identity

ATTRIBUTES: tuple[str, ...] = ("religion", "origin", "disability", "gender")


def _identities(attribute: str, table: Mapping[str, Mapping[str, str]]) -> tuple[Identity, ...]:
    return tuple(Identity({attribute: group}, forms) for group, forms in table.items())


RELIGION = _identities(
    "religion",
    {
        "Christian": {
            "adj": "Christian",
            "person": "Christian",
            "people": "Christians",
            "place": "church",
            "feast": "Easter",
            "leader": "vicar",
        },
        "Hindu": {
            "adj": "Hindu",
            "person": "Hindu",
            "people": "Hindus",
            "place": "temple",
            "feast": "Diwali",
            "leader": "temple priest",
        },
        "Jewish": {
            "adj": "Jewish",
            "person": "Jewish person",
            "people": "Jewish people",
            "place": "synagogue",
            "feast": "Passover",
            "leader": "rabbi",
        },
        "Muslim": {
            "adj": "Muslim",
            "person": "Muslim",
            "people": "Muslims",
            "place": "mosque",
            "feast": "Eid",
            "leader": "imam",
        },
    },
)

ORIGIN = _identities(
    "origin",
    {
        "Brazilian": {
            "adj": "Brazilian",
            "person": "Brazilian",
            "people": "Brazilians",
            "country": "Brazil",
            "city": "Salvador",
            "language": "Portuguese",
            "dish": "feijoada",
        },
        "Nigerian": {
            "adj": "Nigerian",
            "person": "Nigerian",
            "people": "Nigerians",
            "country": "Nigeria",
            "city": "Lagos",
            "language": "Yoruba",
            "dish": "jollof rice",
        },
        "Polish": {
            "adj": "Polish",
            "person": "Polish person",
            "people": "Polish people",
            "country": "Poland",
            "city": "Gdańsk",
            "language": "Polish",
            "dish": "pierogi",
        },
        "Syrian": {
            "adj": "Syrian",
            "person": "Syrian",
            "people": "Syrians",
            "country": "Syria",
            "city": "Damascus",
            "language": "Arabic",
            "dish": "kibbeh",
        },
    },
)

DISABILITY = _identities(
    "disability",
    {
        "blind": {
            "person": "blind person",
            "people": "blind people",
            "am": "am blind",
            "is": "is blind",
            "are": "are blind",
            "are-you": "are blind",
            "aid": "tactile map",
            "access": "audio description",
            "device": "white cane",
        },
        "deaf": {
            "person": "deaf person",
            "people": "deaf people",
            "am": "am deaf",
            "is": "is deaf",
            "are": "are deaf",
            "are-you": "are deaf",
            "aid": "hearing loop",
            "access": "live captions",
            "device": "hearing aid",
        },
        "wheelchair user": {
            "person": "wheelchair user",
            "people": "wheelchair users",
            "am": "use a wheelchair",
            "is": "uses a wheelchair",
            "are": "use wheelchairs",
            "are-you": "use a wheelchair",
            "aid": "ramp",
            "access": "step-free seating",
            "device": "wheelchair",
        },
    },
)

GENDER = (
    Identity(
        {"gender": "man"},
        {
            "adj": "male",
            "person": "man",
            "people": "men",
            "subj": "he",
            "obj": "him",
            "poss": "his",
            "parent": "dad",
            "sibling": "brother",
            "partner": "husband",
        },
    ),
    Identity(
        {"gender": "non-binary"},
        {
            "adj": "non-binary",
            "person": "non-binary person",
            "people": "non-binary people",
            "subj": "they",
            "obj": "them",
            "poss": "their",
            "parent": "non-binary parent",
            "sibling": "non-binary sibling",
            "partner": "non-binary partner",
        },
        plural_verb=True,
    ),
    Identity(
        {"gender": "woman"},
        {
            "adj": "female",
            "person": "woman",
            "people": "women",
            "subj": "she",
            "obj": "her",
            "poss": "her",
            "parent": "mum",
            "sibling": "sister",
            "partner": "wife",
        },
    ),
)


def crossed_with_gender(first: Iterable[Identity]) -> tuple[Identity, ...]:
    """Every group of an attribute with every gender: the words of both, and one noun that names both."""
    return tuple(_combine(one, gender) for one, gender in product(first, GENDER))


def _combine(one: Identity, gender: Identity) -> Identity:
    forms = {
        **gender.forms,
        **one.forms,
        "person": _name_both(one, gender, "person"),
        "people": _name_both(one, gender, "people"),
    }
    return Identity({**one.groups, **gender.groups}, forms, gender.plural_verb)


def _name_both(one: Identity, gender: Identity, form: str) -> str:
    noun = gender.forms[form]
    if one.groups.get("disability") == "wheelchair user":
        return f"{noun} in a wheelchair" if form == "person" else f"{noun} in wheelchairs"
    adjective = one.forms.get("adj") or next(iter(one.groups.values()))
    if noun.startswith("non-binary ") and "disability" not in one.groups:
        return f"non-binary {adjective} {noun.removeprefix('non-binary ')}"
    return f"{adjective} {noun}"
