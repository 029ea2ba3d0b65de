"""Finding whom a letter is about: for operators, who act on requests that come by other ways than the pages."""

from __future__ import annotations

from accounts.models import User
from ledger.errors import not_found


def person_called(email: str) -> User:
    """The account with this sign-in address, in any spelling; raises ``DomainError`` (404) where there is none."""
    user = User.objects.filter(email__iexact=email.strip(), erased_at=None).first()
    if user is None:
        raise not_found(f"An account with the address {email.strip()}")
    return user
