"""Scores how probably a label is right, from signals of the label, its giver and its item.

Pure: arrays in, numbers out, no Django. ``signals`` makes one row of signals for each label; ``learning`` learns from
the labels whose items' true label is known, and says by item-disjoint cross-validation whether that beats the stated
rule; ``measuring`` gives the figures with their intervals.

Source: Wang et al., Human-LLM Collaborative Annotation Through Effective Verification of LLM Labels (CHI 2024).
"""

from __future__ import annotations

from llm_workers.validating.verifier.learning import Verified, verify
from llm_workers.validating.verifier.measuring import Measured, measure
from llm_workers.validating.verifier.signals import SIGNALS, Given, Signals, signals_of

__all__ = ["SIGNALS", "Given", "Measured", "Signals", "Verified", "measure", "signals_of", "verify"]
