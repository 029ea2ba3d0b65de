"""What people may tell about themselves: the questions, how answers are sealed, and what may be shown of them."""
