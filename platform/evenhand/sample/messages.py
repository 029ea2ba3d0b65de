"""The sample's messages: 780 posts in 196 counterfactual families over four protected attributes.

A family is one text with the identity swapped: "The Polish café turned its music down when I asked" and
its Brazilian, Nigerian and Syrian siblings. Most families are about one attribute, and the other attributes'
columns of their items are empty; twelve cross an attribute with gender. What should happen to a message does
not depend on the identity in it, so all members of a family have the same true label.

The seed decides the details (streets, days, shops), the order of the items and which families carry gold. The
texts, the families and the items' ids do not depend on it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2s

from evenhand.sample.chance import Chance
from evenhand.sample.grammar import Identity, Label, Template, Trouble, render
from evenhand.sample.identities import ATTRIBUTES
from evenhand.sample.templates import TEMPLATE_SETS, TemplateSet

SEED = 20_260
"""The seed of the sample project that is shipped."""

FILLERS: Mapping[str, tuple[str, ...]] = {
    "street": ("Mill Road", "Harrow Lane", "Station Street", "Orchard Close", "Bridge Street", "Elm Grove"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    "shop": ("bakery", "chemist", "corner shop", "post office", "hardware shop"),
    "number": ("7", "12", "15", "23", "31", "48"),
    "early": ("half past five", "six", "twenty to seven"),
    "late": ("eleven", "half past eleven", "midnight"),
}

GOLD_FAMILIES: Mapping[tuple[str, ...], Mapping[Label, int]] = {
    ("religion",): {"keep": 3, "review": 2, "remove": 2},
    ("origin",): {"keep": 3, "review": 1, "remove": 2},
    ("disability",): {"keep": 4, "review": 2, "remove": 2},
    ("gender",): {"keep": 4, "review": 2, "remove": 2},
}
"""How many families of each kind carry gold. Whole families, so that gold gives every group the same labels;
with four, four, three and three members a family they come to exactly 100 items."""


@dataclass(frozen=True, slots=True)
class Latent:
    """What only the simulation knows of an item. It is never stored with the item or shown to anyone who
    labels.

    ``truth``: the label that the guidelines call for. ``difficulty``: the probability that a careful reader
    errs. ``lean``: the label an erring reader most likely gives. ``trouble``: why the item is hard, or
    nothing.
    """

    truth: Label
    difficulty: float
    lean: Label
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class SampleItem:
    """One message as the platform imports it, with its latent part kept apart.

    ``groups`` holds only the attributes that the message mentions.
    """

    external_id: str
    text: str
    family: str
    groups: Mapping[str, str]
    gold: Label | None
    latent: Latent = field(repr=False)


def generate(*, seed: int = SEED) -> list[SampleItem]:
    """All items in the order in which they are to be imported: shuffled, the same for the same seed."""
    items: list[SampleItem] = []
    for templates in TEMPLATE_SETS:
        gold = _gold_families(templates, seed)
        for template in templates.templates:
            items.extend(_family(templates, template, with_gold=template.key in gold, seed=seed))
    return Chance(seed, "order").shuffled(items)


def by_external_id(*, seed: int = SEED) -> dict[str, SampleItem]:
    """The items by their external id, to find an item's latent part when only the stored item is at hand."""
    return {item.external_id: item for item in generate(seed=seed)}


def row(item: SampleItem) -> dict[str, str]:
    """The item as one row of an import file; an attribute that is not mentioned is an empty string."""
    return {
        "external_id": item.external_id,
        "text": item.text,
        "family": item.family,
        **{attribute: item.groups.get(attribute, "") for attribute in ATTRIBUTES},
        "gold": item.gold or "",
    }


def rows(items: Iterable[SampleItem]) -> Iterator[dict[str, str]]:
    """The items as rows of an import file, in their order."""
    return map(row, items)


def to_jsonl(items: Iterable[SampleItem]) -> str:
    """The items as JSON Lines, one row a line, as the platform's importer reads them."""
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows(items))


def _gold_families(templates: TemplateSet, seed: int) -> set[str]:
    """The templates of a set that carry gold, never one whose right label could be argued about."""
    wanted = GOLD_FAMILIES.get(templates.attributes, {})
    by_label: defaultdict[Label, list[str]] = defaultdict(list)
    for template in templates.templates:
        if not template.trouble:
            by_label[template.truth].append(template.key)
    chosen: set[str] = set()
    for label, count in wanted.items():
        chosen.update(Chance(seed, "gold", *templates.attributes, label).shuffled(by_label[label])[:count])
    return chosen


def _family(templates: TemplateSet, template: Template, *, with_gold: bool, seed: int) -> Iterator[SampleItem]:
    family = templates.family_key(template)
    chance = Chance(seed, "fillers", family)
    fillers = {name: chance.pick(choices) for name, choices in FILLERS.items()}
    latent = Latent(template.truth, template.difficulty, template.lean, template.trouble)
    for identity in templates.identities:
        yield SampleItem(
            external_id=_external_id(family, identity),
            text=render(template, identity, fillers),
            family=family,
            groups=dict(identity.groups),
            gold=template.truth if with_gold else None,
            latent=latent,
        )


def _external_id(family: str, identity: Identity) -> str:
    """A stable id that does not tell whom the message is about: workers may see it."""
    key = "|".join((family, *identity.groups.values()))
    return f"msg-{blake2s(key.encode(), digest_size=4).hexdigest()}"
