"""`evenhand doctor`: looks at every part, says what it found, and how to mend what is broken."""
