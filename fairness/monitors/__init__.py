"""Owners' limits on how labels may treat groups: watched after every fold, told and paused when certainly passed."""
