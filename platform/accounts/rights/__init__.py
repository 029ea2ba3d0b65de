"""What is stored about a person: told, handed over, erased."""
