"""One label per item out of many people's: methods of consensus, what annotators are worth, when to stop asking.

Pure: arrays in, numbers out, no Django.
"""

from annotations.aggregation.adaptive import Saving, enough, simulate
from annotations.aggregation.dawid_skene import Start, dawid_skene
from annotations.aggregation.fitted import Fitted
from annotations.aggregation.glad import glad
from annotations.aggregation.labels import NO_GOLD, Labels, labels_of, model_weights
from annotations.aggregation.mace import mace
from annotations.aggregation.methods import Method, fit, skills_of
from annotations.aggregation.posterior import Skills, posterior
from annotations.aggregation.queue import SettlingTime, lift, priority
from annotations.aggregation.voting import majority, wawa, weighted_majority

__all__ = [
    "NO_GOLD",
    "Fitted",
    "Labels",
    "Method",
    "Saving",
    "SettlingTime",
    "Skills",
    "Start",
    "dawid_skene",
    "enough",
    "fit",
    "glad",
    "labels_of",
    "lift",
    "mace",
    "majority",
    "model_weights",
    "posterior",
    "priority",
    "simulate",
    "skills_of",
    "wawa",
    "weighted_majority",
]
