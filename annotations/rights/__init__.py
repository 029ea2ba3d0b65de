"""What projects hold about a person: told, handed over, erased."""
