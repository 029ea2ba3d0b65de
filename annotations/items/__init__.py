"""Looking at items: the filtered list, and one item with everything that is known of it."""
