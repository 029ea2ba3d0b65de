from accounts.models.access import ApiToken, Invitation, Membership, Role, Scope
from accounts.models.people import User

__all__ = ["ApiToken", "Invitation", "Membership", "Role", "Scope", "User"]
