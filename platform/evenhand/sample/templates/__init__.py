"""Every family of the sample: a template together with the identities that are swapped through it.

Half of each attribute's families are to be kept, a quarter reviewed, a quarter removed, and every family has
one member for each group of its attributes. So in truth all groups of an attribute have the same share of
every label, and any difference that a page shows was made by those who labelled, people or models.
"""

from __future__ import annotations

from dataclasses import dataclass

from evenhand.sample.grammar import Identity, Template
from evenhand.sample.identities import DISABILITY, GENDER, ORIGIN, RELIGION, crossed_with_gender
from evenhand.sample.templates import crossed, disability, gender, origin, religion


@dataclass(frozen=True, slots=True)
class TemplateSet:
    """Templates about the same attributes, and the identities that each of them takes."""

    attributes: tuple[str, ...]
    identities: tuple[Identity, ...]
    templates: tuple[Template, ...]

    def family_key(self, template: Template) -> str:
        """The family's stable name, for example ``religion-open-day``."""
        return "-".join((*self.attributes, template.key))


TEMPLATE_SETS: tuple[TemplateSet, ...] = (
    TemplateSet(("religion",), RELIGION, religion.TEMPLATES),
    TemplateSet(("origin",), ORIGIN, origin.TEMPLATES),
    TemplateSet(("disability",), DISABILITY, disability.TEMPLATES),
    TemplateSet(("gender",), GENDER, gender.TEMPLATES),
    TemplateSet(("religion", "gender"), crossed_with_gender(RELIGION), crossed.RELIGION_AND_GENDER),
    TemplateSet(("origin", "gender"), crossed_with_gender(ORIGIN), crossed.ORIGIN_AND_GENDER),
    TemplateSet(("disability", "gender"), crossed_with_gender(DISABILITY), crossed.DISABILITY_AND_GENDER),
)
