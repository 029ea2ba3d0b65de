"""Does a model's confidence mean what it says? Held against labels that people have checked."""
