from annotations.models.assistance import AssistanceRules, Suggestion
from annotations.models.care import BlurChoice, CareRules, Exposure, WorkerPreferences
from annotations.models.cases import Case, CaseCause, CaseKind, CaseStatus, Consensus, ConsensusMethod, Settlement
from annotations.models.choices import ModelChoice, ModelRole
from annotations.models.deciding import AnnotatorSkill, ConsensusFit, ConsensusRules, FitMethod, ItemPosterior
from annotations.models.demographics import DemographicsFigures, DemographicsRules
from annotations.models.grouping import GroupSurvey, Regrouping, RegroupingKind
from annotations.models.imports import ImportJob, ImportRowError, ImportStatus, OnExisting, RowProblemKind
from annotations.models.items import Dataset, Item, ItemFlag, QueueEntry
from annotations.models.labelling import (
    PAID,
    Annotation,
    AnnotationSource,
    AnnotationStatus,
    Annotator,
    AnnotatorKind,
    AnnotatorOrigin,
    Assignment,
    AssignmentStatus,
    Standing,
    Stream,
)
from annotations.models.launch import Bias, BiasAnswer, Verdict
from annotations.models.notices import Notice, NoticeKind
from annotations.models.outbox import OutboxRow
from annotations.models.pay import PayAdjustment
from annotations.models.projects import FINISHED, LabelSchema, Project, ProjectStatus, ProtectedAttribute
from annotations.models.quality import (
    Exclusion,
    GoldAnswer,
    Purpose,
    QualityRules,
    QuizTry,
    Review,
    ReviewCause,
    ReviewStatus,
    TrainingAnswer,
    TrainingItem,
)
from annotations.models.raising import GroupDemand
from annotations.models.runs import Checkpoint, Run, RunDecision, RunStatus
from annotations.models.serving import ServingRules, Strategy
from annotations.models.stream import Draw, StreamRules
from annotations.models.suspicion import Suspicion, SuspicionCheck, SuspicionKind, SuspicionStatus
from annotations.models.trust import Calibration, CalibrationMethod
from annotations.models.webhooks import Webhook, WebhookDelivery, WebhookEvent

__all__ = [
    "FINISHED",
    "PAID",
    "Annotation",
    "AnnotationSource",
    "AnnotationStatus",
    "Annotator",
    "AnnotatorKind",
    "AnnotatorOrigin",
    "AnnotatorSkill",
    "Assignment",
    "AssignmentStatus",
    "AssistanceRules",
    "Bias",
    "BiasAnswer",
    "BlurChoice",
    "Calibration",
    "CalibrationMethod",
    "CareRules",
    "Case",
    "CaseCause",
    "CaseKind",
    "CaseStatus",
    "Checkpoint",
    "Consensus",
    "ConsensusFit",
    "ConsensusMethod",
    "ConsensusRules",
    "Dataset",
    "DemographicsFigures",
    "DemographicsRules",
    "Draw",
    "Exclusion",
    "Exposure",
    "FitMethod",
    "GoldAnswer",
    "GroupDemand",
    "GroupSurvey",
    "ImportJob",
    "ImportRowError",
    "ImportStatus",
    "Item",
    "ItemFlag",
    "ItemPosterior",
    "LabelSchema",
    "ModelChoice",
    "ModelRole",
    "Notice",
    "NoticeKind",
    "OnExisting",
    "OutboxRow",
    "PayAdjustment",
    "Project",
    "ProjectStatus",
    "ProtectedAttribute",
    "Purpose",
    "QualityRules",
    "QueueEntry",
    "QuizTry",
    "Regrouping",
    "RegroupingKind",
    "Review",
    "ReviewCause",
    "ReviewStatus",
    "RowProblemKind",
    "Run",
    "RunDecision",
    "RunStatus",
    "ServingRules",
    "Settlement",
    "Standing",
    "Strategy",
    "Stream",
    "StreamRules",
    "Suggestion",
    "Suspicion",
    "SuspicionCheck",
    "SuspicionKind",
    "SuspicionStatus",
    "TrainingAnswer",
    "TrainingItem",
    "Verdict",
    "Webhook",
    "WebhookDelivery",
    "WebhookEvent",
    "WorkerPreferences",
]
