"""Is a label right? A model rates what people said, blind to who said it, and a trained verifier scores every label."""
