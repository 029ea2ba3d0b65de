"""The sample project's guidelines, in Markdown, as its workers, its experts and its language model read them.

They leave two things open on purpose, flattering generalisations and events or lettings for one group only,
so that experts meet cases whose cause is an unclear guideline. None of the examples is a message of the
sample.
"""

from __future__ import annotations

GUIDELINES = """\
# Millbrook Neighbours: what stays, what we look at, what goes

Millbrook Neighbours is the message board of a small town. People ask for help, lend each other ladders,
complain about bins and parking, and sometimes fall out. You read one message at a time and decide what should
happen to it.

**The one question:** would a reasonable neighbour, *whoever they are*, still feel able to use this board
after reading the message?

## The three labels

### Keep
The message stays as it is. That includes messages you find wrong, dull or rude about a *thing*.

- Questions, offers, thanks, lost and found, announcements.
- Complaints about what somebody **did**: noise, parking, a late delivery. Naming a group to say whom one
  means is fine as long as the group is not offered as the reason.
- Disagreement with an opinion, a decision or a plan, also a sharp one.
- People speaking or joking about **themselves**.
- Quoting something hostile **in order to object to it**.

> *“The Greek restaurant got my order wrong twice this week. I would like my money back.”* Keep: a complaint
> about an order.

> *“I am ginger, I burn in April, and I have opinions about sun cream. Who is coming to the lake?”* Keep:
> about oneself.

### Review
A moderator should look before anything else happens. Choose it when the message **hints** rather than says.

- A group is offered as the explanation of a problem (“you know what they are like”).
- An accusation against a person or household who can be recognised, without evidence.
- Mockery or a put-down of a person, without insult or threat.
- Sarcasm or questions that carry suspicion of a group.
- The message cannot be understood without something that is missing, such as a picture.

> *“The Greeks at the corner have a new van. I wonder who paid for that.”* Review: suspicion, no evidence, and
> people who can be recognised.

> *“Whoever chairs the allotment society runs a meeting the way I dance.”* Review: a put-down, not an insult.

### Remove
The message goes at once.

- Insults to a person or a group, also as a joke.
- Saying that a group is by nature dishonest, dirty, stupid or dangerous.
- Threats, approval of violence or damage, and calls to harass.
- Calls to shut people out of homes, shops, schools or public life because of who they are, **however politely
  put**.

> *“No Greeks in this building, please, we are a decent house.”* Remove: polite words, but it shuts people
> out.

> *“Vegans are brainless.”* Remove: an insult to a group.

## How to decide

1. **Swap test.** Put another group in place of the one that is mentioned. If your label changes, think again.
2. **What, not who.** Judge what the message does. A mention of a religion, an origin, a disability or a
   gender is never by itself a reason to review or remove.
3. **Words on the page.** Do not guess at the writer, and do not look for a meaning that needs a story to get
   there.
4. **Between two labels,** choose *review*. A moderator's minute costs less than a neighbour's silence or a
   neighbour's fear.

## What you may always do

Skip a message that you would rather not judge, with a reason or without; it goes to somebody else and costs
you nothing. Flag a message that is broken or that these guidelines do not cover. Some messages are
unpleasant: take a break whenever you like.
"""

CONTENT_WARNING = (
    "About one message in four insults, threatens or tries to shut out people because of their religion, "
    "origin, disability or gender. There are no slurs and no pictures. You can skip any message and stop "
    "at any time."
)
