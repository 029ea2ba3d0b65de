"""Sizes of groups that may be shown to anybody: never fewer than five people, and nothing to subtract.

Three rules, each simple enough to be checked by hand:

1. People are taken into the figures in **cohorts** of at least ``K`` at once, question by question, and each person
   once. Who later changes or deletes an answer changes no figure. All figures ever shown are therefore made of sums
   over disjoint sets of ``K`` people or more, and no difference between figures of two times is about fewer.
2. A figure is a **lower bound**: the count rounded down to a multiple of ``K``, nothing below ``K``. It never goes
   down, and no total of those who answered is shown.
3. Of the whole crowd, whose size owners know, at least ``K`` people stay **outside** the figures of a question, so that
   nothing follows from the size of the crowd either.

Then, whatever was shown over time, each union of a question's groups, and each complement, has at least ``K``
consecutive sizes that agree with all of it, and a group that is not shown may be empty. (Where nothing was shown,
nothing is known.) Proof: let the figures have been p(1) ≤ p(2) ≤ … and choose any group g and any d from 0 to K − 1.
That p(t) people were in each group at the time t, and d more in g from the start, agrees with every rule: rounded down
it gives p(t); by rule 3 the crowd is large enough; each change of what is shown added ``K`` people or more, since
figures move by ``K``. So the size of every union that holds g can be larger by any d. In a question with several
answers the groups are free of each other, and the same holds for each.

Sources: L. Sweeney, *k-anonymity: a model for protecting privacy*, 2002; A. Hundepool et al., *Statistical Disclosure
Control*, 2012, chapter 4 (primary and secondary cell suppression, rounding).
"""

from __future__ import annotations

from collections.abc import Mapping

K = 5


def ready(waiting: int) -> bool:
    """Whether so many people who were not counted yet may be counted now, all at once."""
    return waiting >= K


def raised(shown: Mapping[str, int], counts: Mapping[str, int], *, crowd: int, several: bool) -> dict[str, int]:
    """What is shown after a cohort was counted: group → lower bound, a multiple of ``K``; groups under ``K`` are
    absent.

    ``shown`` is what was shown before, ``counts`` the exact count of each group (group → people, cohorts so far),
    ``crowd`` how many people there are, answers or not. In a question with ``several`` answers a person may be in many
    groups, so the room outside is kept for each group by itself. Where there is no room for all, the figures grow in
    turns, the smallest first, ties by name.
    """
    now = {group: number for group, number in shown.items() if number >= K}
    goal = {group: count - count % K for group, count in counts.items()}
    while True:
        taken = 0 if several else sum(now.values())
        growing = sorted(
            (now.get(group, 0), group)
            for group, limit in goal.items()
            if now.get(group, 0) + K <= limit and (now.get(group, 0) if several else taken) + K <= crowd - K
        )
        if not growing:
            return dict(sorted(now.items()))
        number, group = growing[0]
        now[group] = number + K


def outside(shown: Mapping[str, int], *, crowd: int) -> int:
    """At most so many people are in no figure of a question with one answer: in a small group, or without an answer."""
    return max(crowd - sum(shown.values()), 0)
