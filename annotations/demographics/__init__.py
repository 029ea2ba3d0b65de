"""What a project asks the people who label about themselves, and what it shows of that: groups of five or more."""
