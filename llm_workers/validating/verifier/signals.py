"""What speaks for or against a label: one row of numbers for each, NaN where something is not known of it.

No signal knows an item's true label. Annotators' skills are fitted to the labels alone, without gold and without
settlements: the same number says as much of an item that was settled as of one that never will be, and what is measured
on the settled ones holds for the others. No signal of a label counts that label itself among its witnesses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotations.aggregation import Labels, Method, fit, model_weights

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
PERSON = -1
MOST_CLASSES = 20  # with more different answers, confusion matrices learn nothing
CHUNK = 200_000  # labels worked on at a time where every label needs a row for all classes
SMALLEST = 1e-4
PRIOR_WORDS = 5.0  # added to an item's words: looking at it takes time too

# The signals in the order of the columns. docs/explanation/validation.md says what each means.
SIGNALS = (
    "others",  # log-odds of the label by the item's other labels alone, through the fitted confusions
    "people_agree",  # share of other people on the item who gave it; NaN: nobody else
    "people_others",  # log(1 + other people on the item)
    "models_agree",  # share of other base models on the item that gave it; NaN: none
    "asked_again",  # share of the same model's labels of the item, by other prompts, that equal it; NaN: none
    "orders_agree",  # share of the orders of the options in which the model said so; NaN: asked in one order only
    "skill",  # log-odds that a label of this annotator is right
    "precision",  # log-odds that it is this label when this annotator says so
    "logprob",  # natural logarithm of the confidence; models only, as the two that follow
    "margin",  # the label's probability less that of the next
    "entropy",  # of the label probabilities, over its maximum: 0 sure … 1 at a loss
    "samples_entropy",  # of the answers to the same question drawn several times, in bits; NaN: drawn once
    "stated",  # how sure the model says it is, 0–1; NaN: it was not asked
    "pace",  # log of the seconds for a word, against this annotator's own median; people only
    "validator",  # P(agrees) − P(disagrees) by the validator; NaN: not rated
    "validator_sure",  # the probability of the validator's verdict
    "explained",  # log(1 + words of the explanation); NaN: none
    "length",  # log(1 + words of the item)
    "neighbours",  # share of the most similar labelled items whose leading label is this one; NaN: none alike
    "kind",  # 1: a model's label, 0: a person's
)


@dataclass(frozen=True)
class Given:
    """Labels and what is known of each, one row for each label; all of shape (n,) unless said otherwise.

    ``item``, ``annotator``, ``label``: indices from 0. ``base``: (n_annotators,) the number of an annotator's base
    model, ``PERSON`` for people. Floats are NaN where unknown: ``confidence`` of a model's label in (0, 1], ``margin``,
    ``entropy`` (0–1), ``orders_agree`` (0–1), ``samples_entropy`` (bits), ``stated`` (0–1), ``seconds`` of a person,
    ``validator`` (−1…1), ``validator_sure`` (0–1), ``explained`` (words).
    ``words``: (n_items,). ``similar``: (n_items, k) indices of the most similar other items, −1 for none; None: not
    looked for.
    """

    item: Ints
    annotator: Ints
    label: Ints
    n_items: int
    n_annotators: int
    n_labels: int
    base: Ints
    confidence: Floats
    margin: Floats
    entropy: Floats
    orders_agree: Floats
    samples_entropy: Floats
    stated: Floats
    seconds: Floats
    validator: Floats
    validator_sure: Floats
    explained: Floats
    words: Floats
    similar: Ints | None = None

    def __len__(self) -> int:
        return len(self.item)


@dataclass(frozen=True)
class Signals:
    """``matrix``: (n, len(SIGNALS)). ``rule``: (n,), the score that stands in until there is enough to learn from.

    ``basis``: (n,), what the rule went by: 0 the fitted posterior, 1 the model's confidence, 2 the share of the labels.
    """

    matrix: Floats
    rule: Floats
    basis: Ints


POSTERIOR, CONFIDENCE, SHARE = range(3)


def signals_of(given: Given) -> Signals:
    """The signals of every label, and its score by the rule.

    The rule: the label's posterior by the fit of all labels; where no person has labelled the item, the model's own
    confidence; where that is not known either, the label's share of the item's labels.
    """
    model = given.base[given.annotator]
    weight = model_weights(item=given.item, model=model, n_items=given.n_items)
    labels = Labels(
        given.item, given.annotator, given.label, given.n_items, given.n_annotators, given.n_labels, weight=weight
    )
    method = Method.DAWID_SKENE if given.n_labels <= MOST_CLASSES else Method.WEIGHTED
    fitted = fit(labels, method)
    confusion, prior = np.asarray(fitted.confusion, float), np.asarray(fitted.prior, float)
    alone, with_all = _posteriors(given, weight.astype(float), confusion, prior)
    is_model = model != PERSON
    columns = {
        "others": _odds(alone),
        **_agreement(given, model),
        "orders_agree": given.orders_agree,
        "skill": _odds(np.asarray(fitted.skill, float)[given.annotator]),
        "precision": _odds(_precision(given, confusion, prior)),
        "logprob": np.log(np.clip(given.confidence, SMALLEST, 1)),
        "margin": given.margin,
        "entropy": given.entropy,
        "samples_entropy": given.samples_entropy,
        "stated": given.stated,
        "pace": _pace(given),
        "validator": given.validator,
        "validator_sure": given.validator_sure,
        "explained": np.log1p(given.explained),
        "length": np.log1p(given.words)[given.item],
        "neighbours": _neighbours(given, labels),
        "kind": is_model.astype(float),
    }
    matrix = np.column_stack([columns[name] for name in SIGNALS]).astype(float)
    people = np.bincount(given.item, ~is_model, given.n_items)[given.item] > 0
    share = _share(given)
    basis = np.where(people, POSTERIOR, np.where(np.isnan(given.confidence), SHARE, CONFIDENCE))
    rule = np.choose(basis, [with_all, np.nan_to_num(given.confidence), share])
    return Signals(matrix, np.clip(rule, SMALLEST, 1 - SMALLEST), basis.astype(np.int64))


def _posteriors(given: Given, weight: Floats, confusion: Floats, prior: Floats) -> tuple[Floats, Floats]:
    """P(label | the item's other labels) and P(label | all of them), each (n,)."""
    logs = np.log(np.maximum(confusion, SMALLEST))  # [annotator, true, said]
    total = np.tile(np.log(np.maximum(prior, SMALLEST)), (given.n_items, 1))
    for chunk in _chunks(len(given)):
        of = given.annotator[chunk], given.label[chunk]
        np.add.at(total, given.item[chunk], weight[chunk, None] * logs[of[0], :, of[1]])
    alone, with_all = np.empty(len(given)), np.empty(len(given))
    for chunk in _chunks(len(given)):
        said = given.label[chunk]
        whole = total[given.item[chunk]]
        own = weight[chunk, None] * logs[given.annotator[chunk], :, said]
        with_all[chunk] = _softmax_at(whole, said)
        alone[chunk] = _softmax_at(whole - own, said)
    return alone, with_all


def _softmax_at(scores: Floats, column: Ints) -> Floats:
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    chosen: Floats = scores[np.arange(len(scores)), column] / scores.sum(axis=1)
    return chosen


def _precision(given: Given, confusion: Floats, prior: Floats) -> Floats:
    """P(true = said | said) of each label by its annotator's confusions, (n,)."""
    found = np.empty(len(given))
    for chunk in _chunks(len(given)):
        who, said = given.annotator[chunk], given.label[chunk]
        joint = prior * confusion[who, :, said]
        found[chunk] = joint[np.arange(len(said)), said] / np.maximum(joint.sum(axis=1), 1e-12)
    return found


def _agreement(given: Given, model: Ints) -> dict[str, Floats]:
    """How the item's other labels agree. The labels of one base model count as one to other models."""
    is_model = model != PERSON
    cell = given.item * given.n_labels + given.label
    cells = given.n_items * given.n_labels
    people = np.bincount(given.item, ~is_model, given.n_items)[given.item] - ~is_model
    same = np.bincount(cell, ~is_model, cells)[cell] - ~is_model
    n_bases = int(model.max(initial=0)) + 1
    pair = given.item * n_bases + np.maximum(model, 0)  # of an item and a base model
    prompts = np.bincount(pair[is_model], minlength=given.n_items * n_bases)[pair]
    agreeing = _matches(given, pair, is_model)
    share = np.divide(1.0, prompts, where=is_model, out=np.zeros(len(given)))
    bases = np.bincount(given.item, share, given.n_items)[given.item] - is_model
    base_same = np.bincount(cell, share, cells)[cell] - np.where(is_model, agreeing / np.maximum(prompts, 1), 0)
    again = np.where(is_model, prompts - 1, 0)
    return {
        "people_agree": _part(same, people),
        "people_others": np.log1p(people),
        "models_agree": np.clip(_part(base_same, bases), 0, 1),
        "asked_again": _part(agreeing - 1, again),
    }


def _matches(given: Given, pair: Ints, is_model: npt.NDArray[np.bool_]) -> Floats:
    """For each model's label, how many labels of the same base model on the item equal it, itself among them: (n,)."""
    key = pair * given.n_labels + given.label
    distinct, which, counts = np.unique(key[is_model], return_inverse=True, return_counts=True)
    found = np.zeros(len(given))
    found[is_model] = counts[which] if len(distinct) else 0
    return found


def _part(count: Floats, whole: Floats) -> Floats:
    """``count / whole``, NaN where the whole is nothing."""
    unknown = np.full(len(count), np.nan)
    return np.divide(count, whole, out=unknown, where=whole > 0.5)


def _pace(given: Given) -> Floats:
    """log(seconds for a word) less the annotator's own median of it."""
    pace = np.log(np.maximum(given.seconds, 0.05) / (given.words[given.item] + PRIOR_WORDS))
    known = np.flatnonzero(~np.isnan(pace))
    order = known[np.lexsort((pace[known], given.annotator[known]))]
    who, first, count = np.unique(given.annotator[order], return_index=True, return_counts=True)
    median = np.full(given.n_annotators, np.nan)
    median[who] = (pace[order[first + (count - 1) // 2]] + pace[order[first + count // 2]]) / 2
    result: Floats = pace - median[given.annotator]
    return result


def _neighbours(given: Given, labels: Labels) -> Floats:
    """The share of similar items whose leading label is this label. Their labels are votes, not what is known."""
    if given.similar is None:
        return np.full(len(given), np.nan)
    tally = np.asarray(labels.tally, float)
    raw = np.bincount(given.item * given.n_labels + given.label, minlength=given.n_items * given.n_labels)
    tally = tally + 1e-3 * raw.reshape(given.n_items, given.n_labels)  # where only models labelled, they lead
    leading = np.where(tally.sum(axis=1) > 0, tally.argmax(axis=1), -1)
    near = given.similar[given.item]
    there = near >= 0
    same = there & (leading[near] == given.label[:, None])
    return _part(same.sum(axis=1).astype(float), there.sum(axis=1).astype(float))


def _share(given: Given) -> Floats:
    """The label's share of its item's labels, with half a label added for it and for any other."""
    cell = given.item * given.n_labels + given.label
    count = np.bincount(cell, minlength=given.n_items * given.n_labels)[cell]
    share: Floats = (count + 0.5) / (np.bincount(given.item, minlength=given.n_items)[given.item] + 1.0)
    return share


def _odds(chance: Floats) -> Floats:
    clipped = np.clip(chance, SMALLEST, 1 - SMALLEST)
    odds: Floats = np.log(clipped / (1 - clipped))
    return odds


def _chunks(count: int) -> list[slice]:
    return [slice(first, first + CHUNK) for first in range(0, count, CHUNK)]
