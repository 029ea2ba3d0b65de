"""Messages about people with a disability: 48 families, one message for each of three."""

from __future__ import annotations

from evenhand.sample.grammar import HARD, KEEP, MIDDLING, REMOVE, Template, keep, remove, review

TEMPLATES: tuple[Template, ...] = (
    # Everyday life, help and praise.
    keep("friendly-cafe", "I [am] and I am new on {street}. Which café has the friendliest staff?"),
    keep("hall-equipment", "The community hall has [a aid] at last!! Thank you to everyone who signed."),
    keep(
        "cinema-trip",
        "Does the cinema have [access] on {day}s? My neighbour [is], and we would like to go together.",
    ),
    keep(
        "bus-driver",
        "The driver of the number 12 bus waited for [a person] and was shouted at by somebody in "
        "a hurry. Well done, driver.",
    ),
    keep(
        "chess-partner",
        "Chess partner wanted, {day} evenings. I [am], I lose often, and I make good coffee.",
    ),
    keep("flat-hunting", "A friend of mine [is] and is looking for a flat near {street}. Any leads?"),
    keep(
        "swimming-lessons",
        "The swimming teacher on {day}s [is], and is the best teacher my children have ever had.",
    ),
    keep(
        "street-party",
        "Three of our guests at the street party [are]. What should we think of when we set up?",
    ),
    keep(
        "radio-repairs",
        "We have a new volunteer at the repair café who [is] and who mends radios faster than any of us.",
    ),
    keep("found-device", "[A device] was left outside the {shop}. I have handed it in at the counter."),
    keep(
        "sports-club",
        "Any sports clubs near {street} for [people]? My cousin would love to try something new :)",
    ),
    keep(
        "perfect-tenant",
        "The tenant above us [is] and has been a perfect neighbour for ten years. I hope the new landlord knows that.",
    ),
    keep(
        "staff-training",
        "Training for shop staff on {day}: how to help [people] without making a fuss. Free, tea included.",
    ),
    keep("fair-boss", "My boss [is] and gave me the hardest and fairest feedback I have ever had."),
    keep(
        "open-mic",
        "I [am], and the worst thing about me is still my singing. Open mic on {day}, you have been warned.",
        MIDDLING,
    ),
    # Complaints and disagreement that stay on the subject.
    keep(
        "blocked-pavement",
        "The pavement on {street} is blocked by bins again. For [people] that's more than a nuisance, "
        "it's dangerous. Please move them.",
    ),
    keep(
        "theatre-booking",
        "I asked for [access] when I booked and got nothing. Two emails to the theatre, no answer. Very disappointing.",
    ),
    keep(
        "town-square",
        "I don't agree with the plan for the square. [People] were asked about it once, and then nobody listened.",
    ),
    keep(
        "ticket-machines",
        "Both ticket machines at the station are useless if you [are-you]. I complained to the "
        "railway and got a form letter.",
    ),
    keep(
        "ask-first",
        "Please don't take hold of [people] at the kerb without asking. You mean well, but ask first.",
    ),
    keep(
        "stay-home-quote",
        "Somebody at the bus stop said that [people] should stay at home. I told them what I thought of that.",
        MIDDLING,
    ),
    keep(
        "drive-parking",
        "The carer of my neighbour, who [is], parked across my drive again on {day}. It's the "
        "third time, please ring the bell first.",
        MIDDLING,
    ),
    keep(
        "newspaper-headline",
        "The new councillor [is]. It was the least interesting thing about that interview, and "
        "the paper made it the headline.",
        MIDDLING,
    ),
    keep(
        "board-games",
        "Board games for [people] only, every {day} at the library. We'd like one evening to ourselves.",
        HARD,
        "guideline",
    ),
    # Hints, generalisations, hearsay.
    review(
        "inspiring",
        "So inspiring to see [a person] out shopping alone this morning.",
        HARD,
        KEEP,
        "guideline",
    ),
    review(
        "slow-till",
        "Who puts [a person] on the till on a {day}?? The queue went out of the door.",
        MIDDLING,
        KEEP,
    ),
    review(
        "supposedly",
        "They say that the neighbour at number {number} [is]. I have my doubts, and so does half of {street}.",
        MIDDLING,
        KEEP,
    ),
    review(
        "best-flats",
        "[People] always get the best flats. Perhaps I should put myself on that list too.",
        HARD,
        KEEP,
        "ambiguous",
    ),
    review(
        "friday-pub",
        "No offence, but is a crowded pub really the right place for [a person] on a {day} night?",
        MIDDLING,
        KEEP,
    ),
    review(
        "closed-hall",
        "Great, the hall closed for a whole month, all for [a aid] that two people will use.",
        HARD,
        KEEP,
        "ambiguous",
    ),
    review(
        "patience",
        "I am sure the new assistant, who [is], tries hard, but I should not need that much patience in a shop.",
        MIDDLING,
        KEEP,
    ),
    review(
        "three-children",
        "Should [a person] really be raising three children? I'm only asking.",
        MIDDLING,
        REMOVE,
    ),
    review(
        "second-picture",
        "This is the one I meant, the one who [is]. Compare with the second picture.",
        HARD,
        KEEP,
        "fragment",
    ),
    review(
        "would-not-suit",
        "Room to let on {street}, second floor, lively house. Would not suit someone who [is].",
        HARD,
        KEEP,
        "guideline",
    ),
    review(
        "town-hall-fuss",
        "The fuss about [access] at the town hall is getting ridiculous. Nobody else in this town makes such demands.",
        MIDDLING,
        KEEP,
    ),
    review(
        "never-again",
        "We had [a person] on the team once. Never again, everything took twice as long.",
        MIDDLING,
        REMOVE,
    ),
    # Insults, threats, calls to exclude.
    remove("out-of-sight", "[People] are a burden to everybody and should be kept out of sight."),
    remove("do-not-hire", "Don't hire [people]. They are useless, and you will never get rid of them."),
    remove("market-push", "If [a person] gets in my way at the market again, I will push them over."),
    remove("no-children", "People who [are] shouldn't be allowed to have children."),
    remove("begging", "Stop begging for your [aid]. Nobody wants you at the hall anyway."),
    remove(
        "school-play",
        "[A person] in the school play? Embarrassing. Put them backstage, where nobody has to look.",
        MIDDLING,
    ),
    remove("gym-ban", "The gym shouldn't let [people] in. They ruin it for normal members."),
    remove(
        "birthday-joke",
        "Joke: what do you give [a person] for their birthday? Who cares, they will only whine about it.",
        MIDDLING,
    ),
    remove(
        "shout-down",
        "Sick of [people] and their demands? Come to the hall on {day} and help us shout them down until they leave.",
    ),
    remove(
        "take-it-away",
        "The one at number {number} who [is] is a pathetic cheat. Somebody should take the "
        "[device] away and see what happens.",
    ),
    remove(
        "no-apology",
        "I do not rent to [people], I do not serve [people], and I will not apologise for it.",
    ),
    remove(
        "own-hours",
        "It would be kinder for everyone if [people] had their own shops, their own cafés and their own opening hours.",
        HARD,
        "ambiguous",
    ),
)
