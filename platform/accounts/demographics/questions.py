"""The vetted list: every question that a project may ask the people who label, with its answers.

Adding a question is adding an entry to ``QUESTIONS``: forms, API, settings and tables follow from it. A key, once in
use, keeps its meaning; an option that is no longer offered is taken out, and answers that name it count as not given.

The wording is our own. The categories follow what the field uses: levels of schooling after ISCED 2011 (UNESCO),
regions after the UN's M49 standard, difficulties after the Washington Group's short set, and the questions that
studies of who annotates have asked (Sap et al. 2022; Kirk et al. 2024, PRISM). None asks for a list of one country's
making.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

NOT_SAID = "prefer_not_to_say"


@dataclass(frozen=True)
class Option:
    """One answer. ``alone``: in a question with several answers it cannot go with another."""

    key: str
    label: Any
    alone: bool = False


@dataclass(frozen=True)
class Question:
    """``why``: what an owner may want to know it for. ``special``: a special category of personal data (GDPR, Art. 9).

    "Prefer not to say" belongs to every question, is what holds until somebody answers, and is no option: it is stored
    nowhere.
    """

    key: str
    title: Any
    ask: Any
    why: Any
    options: tuple[Option, ...]
    several: bool = False
    special: bool = False

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(option.key for option in self.options)

    def known(self, chosen: Iterable[str]) -> tuple[str, ...]:
        """Those of ``chosen`` that the question offers, each once, in the question's order."""
        wanted = set(chosen)
        return tuple(option.key for option in self.options if option.key in wanted)


QUESTIONS: tuple[Question, ...] = (
    Question(
        "age_band",
        _("Age"),
        _("How old are you?"),
        _("Judgements of tone, offence and taste differ between generations."),
        (
            Option("18_24", _("18 to 24")),
            Option("25_34", _("25 to 34")),
            Option("35_44", _("35 to 44")),
            Option("45_54", _("45 to 54")),
            Option("55_64", _("55 to 64")),
            Option("65_up", _("65 or older")),
        ),
    ),
    Question(
        "gender",
        _("Gender"),
        _("What is your gender?"),
        _("Women, men and non-binary people are targeted differently, and judge differently what targets them."),
        (
            Option("woman", _("Woman")),
            Option("man", _("Man")),
            Option("non_binary", _("Non-binary")),
            Option("another", _("Another gender")),
        ),
    ),
    Question(
        "education",
        _("Schooling"),
        _("What is the highest level of schooling that you have completed?"),
        _("Shows whether labels come from one kind of schooling only; matters where texts are hard to read."),
        (
            Option("primary", _("Primary school, or none")),
            Option("lower_secondary", _("Lower secondary school")),
            Option("upper_secondary", _("Upper secondary school")),
            Option("vocational", _("Vocational training after school")),
            Option("bachelor", _("Bachelor's degree or the like")),
            Option("master", _("Master's degree or the like")),
            Option("doctorate", _("Doctorate")),
        ),
    ),
    Question(
        "first_language",
        _("First language"),
        _("Which languages did you learn first, as a child?"),
        _("Irony, idiom and dialect are read best by those who grew up with them."),
        (
            Option("arabic", _("Arabic")),
            Option("bengali", _("Bengali")),
            Option("chinese", _("Chinese")),
            Option("english", _("English")),
            Option("french", _("French")),
            Option("german", _("German")),
            Option("hindi", _("Hindi")),
            Option("indonesian", _("Indonesian or Malay")),
            Option("japanese", _("Japanese")),
            Option("portuguese", _("Portuguese")),
            Option("russian", _("Russian")),
            Option("spanish", _("Spanish")),
            Option("swahili", _("Swahili")),
            Option("turkish", _("Turkish")),
            Option("another", _("Another language")),
        ),
        several=True,
    ),
    Question(
        "english",
        _("English"),
        _("How well do you know English?"),
        _("For items in English: labels by people who learned it late may miss what is between the lines."),
        (
            Option("first", _("It is a first language of mine")),
            Option("fluent", _("Fluently")),
            Option("well", _("Well enough for most texts")),
            Option("basic", _("The basics")),
        ),
    ),
    Question(
        "region",
        _("Region"),
        _("In which part of the world do you live?"),
        _("What is common, rude or dangerous to say differs from place to place."),
        (
            Option("africa_north_asia_west", _("Northern Africa or Western Asia")),
            Option("africa_south", _("Sub-Saharan Africa")),
            Option("america_north", _("Northern America")),
            Option("america_latin", _("Latin America or the Caribbean")),
            Option("asia_central_south", _("Central or Southern Asia")),
            Option("asia_east", _("Eastern or South-Eastern Asia")),
            Option("europe", _("Europe")),
            Option("oceania", _("Oceania")),
        ),
    ),
    Question(
        "ethnic_minority",
        _("Ethnic minority"),
        _("Where you live, do you belong to an ethnic minority?"),
        _("Holds in every country, without a list of peoples: do those who are talked about have a say?"),
        (Option("yes", _("Yes")), Option("partly", _("In part")), Option("no", _("No"))),
        special=True,
    ),
    Question(
        "ethnicity",
        _("Ethnic background"),
        _("Which of these describe your background?"),
        _("Ask it where items are about these groups; otherwise the question about minorities says as much with less."),
        (
            Option("black", _("African or Black")),
            Option("east_asian", _("East Asian")),
            Option("south_asian", _("South Asian")),
            Option("southeast_asian", _("South-East Asian")),
            Option("mena", _("Middle Eastern or North African")),
            Option("white", _("European or White")),
            Option("indigenous", _("Indigenous people of where you live")),
            Option("latin", _("Latin American")),
            Option("pacific", _("Pacific Islander")),
            Option("roma", _("Roma, Sinti or Traveller")),
            Option("another", _("Another background")),
        ),
        several=True,
        special=True,
    ),
    Question(
        "disability",
        _("Disability"),
        _("Do any of these make daily life difficult for you?"),
        _("For items about disability, and to see whether the task shuts people out."),
        (
            Option("none", _("None of these"), alone=True),
            Option("seeing", _("Seeing, even with glasses")),
            Option("hearing", _("Hearing, even with a hearing aid")),
            Option("moving", _("Walking, climbing stairs, or using your hands")),
            Option("thinking", _("Remembering or concentrating")),
            Option("mental", _("Mental health")),
            Option("another", _("Something else")),
        ),
        several=True,
        special=True,
    ),
    Question(
        "religion",
        _("Religion"),
        _("Which religion, if any, do you belong to?"),
        _("For items about religions: are believers judged by people who share their belief, or by others alone?"),
        (
            Option("none", _("None")),
            Option("buddhist", _("Buddhism")),
            Option("christian", _("Christianity")),
            Option("hindu", _("Hinduism")),
            Option("jewish", _("Judaism")),
            Option("muslim", _("Islam")),
            Option("sikh", _("Sikhism")),
            Option("another", _("Another religion")),
        ),
        special=True,
    ),
    Question(
        "orientation",
        _("Sexual orientation"),
        _("What is your sexual orientation?"),
        _("For items about sexual minorities, where words are used both as insults and among friends."),
        (
            Option("straight", _("Straight")),
            Option("gay", _("Gay or lesbian")),
            Option("bi", _("Bisexual or pansexual")),
            Option("asexual", _("Asexual")),
            Option("another", _("Another orientation")),
        ),
        special=True,
    ),
    Question(
        "politics",
        _("Political leaning"),
        _("Where do you see yourself in politics?"),
        _("Judgements of hate, misinformation and quality follow political leaning more than most owners expect."),
        (
            Option("left", _("Left")),
            Option("centre_left", _("Centre left")),
            Option("centre", _("Centre")),
            Option("centre_right", _("Centre right")),
            Option("right", _("Right")),
            Option("neither", _("None of these")),
        ),
        special=True,
    ),
    Question(
        "targeted",
        _("Being a target"),
        _("Have you been the target of hateful messages yourself?"),
        _("Those who have been a target recognise what others overlook."),
        (
            Option("often", _("Often")),
            Option("sometimes", _("Once or a few times")),
            Option("never", _("Never")),
        ),
    ),
    Question(
        "labelling",
        _("Experience"),
        _("How much have you labelled data before?"),
        _("Practised labellers and newcomers disagree in different ways."),
        (
            Option("new", _("This is the first time")),
            Option("some", _("A few times")),
            Option("much", _("For more than three months")),
        ),
    ),
)
BY_KEY = {question.key: question for question in QUESTIONS}


def questions_of(keys: Iterable[str]) -> list[Question]:
    """The questions with these keys, in the list's order; a key that the list no longer has is left out."""
    wanted = set(keys)
    return [question for question in QUESTIONS if question.key in wanted]
