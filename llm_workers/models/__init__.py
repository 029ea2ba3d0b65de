"""Language models as annotators: the servers, the models they serve, how each is asked, and every item of every run."""

from __future__ import annotations

from llm_workers.models.costs import CostCount, CostTally, RunServer, Taken, TrialServer, ValidatorServer
from llm_workers.models.prompts import AnswerSigns, Prompt, PromptExample, Trial, TrialAnswer, TrialStatus
from llm_workers.models.registry import Breaker, Dialect, Endpoint, ModelVersion, Throughput
from llm_workers.models.rules import RuleAction, RuleKind, RunRule
from llm_workers.models.runs import (
    ModelAnnotator,
    PromptVersion,
    RunItem,
    RunItemStatus,
    RunLane,
    RunPlan,
)
from llm_workers.replacing.models import StandIn, StandInRules
from llm_workers.trust.models import TrustCheck

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
    "RuleAction",
    "RuleKind",
    "RunItem",
    "RunItemStatus",
    "RunLane",
    "RunPlan",
    "RunRule",
    "RunServer",
    "StandIn",
    "StandInRules",
    "Taken",
    "Throughput",
    "Trial",
    "TrialAnswer",
    "TrialServer",
    "TrialStatus",
    "TrustCheck",
    "ValidatorServer",
]
