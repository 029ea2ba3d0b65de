"""The relay: one process that folds label changes into live counters, seals the ledger, and tells open pages."""
