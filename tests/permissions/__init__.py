"""Who may do what, for every address: the tables, and the test that walks the addresses."""
