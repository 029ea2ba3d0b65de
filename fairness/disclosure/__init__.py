"""What is disclosed of a project: its limits, what was found, what was decided and why, each held to the ledger."""
