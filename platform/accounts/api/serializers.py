"""REST shapes of accounts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.models import ApiToken, Invitation, Membership, Role, Scope


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "scopes", "expires_at", "last_used_at", "created_at"]


class TokenCreateSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80, help_text="What the token is for.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices), min_length=1)
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="At most a year ahead; null never expires."
    )


class TokenMadeSerializer(TokenSerializer):
    token = serializers.CharField(read_only=True, help_text="Shown this once: only its digest is kept.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]


class MemberSerializer(serializers.ModelSerializer[Membership]):
    display_name = serializers.CharField(source="user.display_name")
    email = serializers.EmailField(source="user.email")
    simulated = serializers.BooleanField(source="user.is_simulated")

    class Meta:
        model = Membership
        fields = ["id", "role", "display_name", "email", "simulated", "created_at"]


class MemberChangeSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices)


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    """One's own membership."""

    created = serializers.BooleanField(read_only=True, help_text="Whether this request made it.")

    class Meta:
        model = Membership
        fields = ["id", "project", "role", "created_at", "created"]


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    class Meta:
        model = Invitation
        fields = ["id", "role", "email", "max_uses", "uses", "expires_at", "created_at"]


class InvitationCreateSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices)
    max_uses = serializers.IntegerField(min_value=1, max_value=1000, default=1)
    expires_at = serializers.DateTimeField(help_text="At most 90 days ahead.")
    email = serializers.EmailField(
        required=False, allow_blank=True, default="", help_text="Only the account with this address may use the link."
    )


class InvitationMadeSerializer(InvitationSerializer):
    token = serializers.CharField(read_only=True, help_text="Shown this once: only its digest is kept.")
    url = serializers.URLField(read_only=True, help_text="The link to pass on.")

    class Meta(InvitationSerializer.Meta):
        fields = [*InvitationSerializer.Meta.fields, "token", "url"]


class AcceptSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=200, help_text="The last part of the invitation's link.")


class MeSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    email = serializers.EmailField(read_only=True)
    display_name = serializers.CharField(max_length=80, allow_blank=True)
    simulated = serializers.BooleanField(source="is_simulated", read_only=True)
