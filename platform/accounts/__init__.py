"""People: accounts, memberships, invitations, API tokens."""
