"""Models, prompts, runs, usage: language models as annotators."""
