from accounts.models.access import ApiToken, Invitation, Membership, Role, Scope
from accounts.models.demographics import DemographicBox
from accounts.models.people import User

__all__ = ["ApiToken", "DemographicBox", "Invitation", "Membership", "Role", "Scope", "User"]
