"""REST of prompts and the playground."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from annotations.access import OWNER, READERS, project_access
from llm_workers.access import prompt_access, trial_access
from llm_workers.api.prompt_serializers import (
    PromptDetailSerializer,
    PromptSerializer,
    PromptWriteSerializer,
    TrialDetailSerializer,
    TrialSerializer,
    TrialStartSerializer,
    recipe_given,
)
from llm_workers.models import Prompt, Trial
from llm_workers.recipe import Recipe
from llm_workers.selectors.prompts import prompts_of, recipe_of, versions_of
from llm_workers.selectors.trials import trial_seen, trials_of
from llm_workers.services.prompting import prompt_change, prompt_create, prompt_delete
from llm_workers.services.trials import Pick, trial_start

SHOWN_VERSIONS = 20  # latest


def _detail(prompt: Prompt) -> dict[str, Any]:
    prompt.used = versions_of(prompt)[:SHOWN_VERSIONS]  # type: ignore[attr-defined]
    return dict(PromptDetailSerializer(prompt).data)


class PromptsView(GenericAPIView[Prompt]):
    serializer_class = PromptSerializer
    token_scope = Scope.RUN
    queryset = Prompt.objects.none()

    @extend_schema(operation_id="list_prompts", summary="Prompts of a project, by name", tags=["prompts"])
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        page = self.paginate_queryset(prompts_of(access.project))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="create_prompt",
        summary="Make a prompt",
        request=PromptWriteSerializer,
        responses={201: PromptDetailSerializer},
        tags=["prompts"],
    )
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        asked = PromptWriteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        name = asked.validated_data["name"]
        prompt = prompt_create(
            project=access.project, by=request.user, name=name, recipe=recipe_given(asked.validated_data)
        )
        headers = {"Location": reverse("api_prompt", args=[project_id, prompt.pk])}
        return Response(_detail(prompt), status=201, headers=headers)


class PromptView(APIView):
    token_scope = Scope.RUN

    @extend_schema(
        operation_id="get_prompt", summary="A prompt and its versions", responses=PromptDetailSerializer,
        tags=["prompts"],
    )  # fmt: skip
    def get(self, request: Request, project_id: int, prompt_id: int) -> Response:
        _access, prompt = prompt_access(request.user, project_id, prompt_id)
        return Response(_detail(prompt))

    @extend_schema(
        operation_id="change_prompt",
        summary="Write a prompt anew",
        description="What is left out gets its default. Versions that were used stay; the next use makes another.",
        request=PromptWriteSerializer,
        responses=PromptDetailSerializer,
        tags=["prompts"],
    )
    def put(self, request: Request, project_id: int, prompt_id: int) -> Response:
        _access, prompt = prompt_access(request.user, project_id, prompt_id, OWNER)
        asked = PromptWriteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        name = asked.validated_data["name"]
        return Response(
            _detail(prompt_change(prompt=prompt, by=request.user, name=name, recipe=recipe_given(asked.validated_data)))
        )

    @extend_schema(
        operation_id="delete_prompt",
        summary="Take a prompt out of the list; versions that were used stay",
        responses={204: None},
        tags=["prompts"],
    )
    def delete(self, request: Request, project_id: int, prompt_id: int) -> Response:
        _access, prompt = prompt_access(request.user, project_id, prompt_id, OWNER)
        prompt_delete(prompt=prompt, by=request.user)
        return Response(status=204)


class PlaygroundView(GenericAPIView[Trial]):
    serializer_class = TrialSerializer
    token_scope = Scope.RUN
    queryset = Trial.objects.none()

    @extend_schema(operation_id="list_trials", summary="Trials of prompts, latest first", tags=["prompts"])
    def get(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, READERS)
        page = self.paginate_queryset(trials_of(access.project))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="try_prompt",
        summary="Ask a model about ten items; gives no labels",
        description="In the background: read the trial at `Location` until its status is done or failed.",
        request=TrialStartSerializer,
        responses={201: TrialDetailSerializer},
        tags=["prompts"],
    )
    def post(self, request: Request, project_id: int) -> Response:
        access = project_access(request.user, project_id, OWNER)
        asked = TrialStartSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        prompt = prompt_access(request.user, project_id, data["prompt"], OWNER)[1] if data["prompt"] else None
        saved = recipe_of(prompt) if prompt else Recipe()
        recipe = recipe_given(data["recipe"]) if data.get("recipe") else saved
        trial = trial_start(
            project=access.project,
            model=data["model"],
            by=request.user,
            recipe=recipe,
            pick=Pick(tuple(data["items"]), data["attribute"], data["seed"]),
            prompt=prompt,
        )
        headers = {"Location": reverse("api_trial", args=[project_id, trial.pk])}
        return Response(TrialDetailSerializer(trial_seen(trial)).data, status=201, headers=headers)


class TrialView(APIView):
    @extend_schema(
        operation_id="get_trial", summary="What came of a trial", responses=TrialDetailSerializer, tags=["prompts"]
    )
    def get(self, request: Request, project_id: int, trial_id: int) -> Response:
        _access, trial = trial_access(request.user, project_id, trial_id)
        return Response(TrialDetailSerializer(trial_seen(trial)).data)
