"""Spam and collusion: patterns in people's labels, each with its evidence, for the owner to look at.

Nothing here rejects, pauses or excludes anybody by itself.
"""
