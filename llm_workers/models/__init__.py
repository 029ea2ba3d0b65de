"""Language models as annotators: the servers, the models they serve, how each is asked, and every item of every run."""

from __future__ import annotations

from llm_workers.models.costs import CostCount, CostTally, RunServer
from llm_workers.models.prompts import AnswerSigns, Prompt, PromptExample, Trial, TrialAnswer, TrialStatus
from llm_workers.models.registry import Breaker, Dialect, Endpoint, ModelVersion, Throughput
from llm_workers.models.runs import (
    ModelAnnotator,
    PromptVersion,
    RunItem,
    RunItemStatus,
    RunLane,
    RunPlan,
)

__all__ = [
    "AnswerSigns",
    "Breaker",
    "CostCount",
    "CostTally",
    "Dialect",
    "Endpoint",
    "ModelAnnotator",
    "ModelVersion",
    "Prompt",
    "PromptExample",
    "PromptVersion",
    "RunItem",
    "RunItemStatus",
    "RunLane",
    "RunPlan",
    "RunServer",
    "Throughput",
    "Trial",
    "TrialAnswer",
    "TrialStatus",
]
