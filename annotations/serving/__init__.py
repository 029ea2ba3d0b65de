"""In which order items are given out, how many labels they get, and how much one person may do."""
