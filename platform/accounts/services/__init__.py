"""Changing accounts, tokens, memberships and invitations."""
