"""What an owner thinks through before a project starts: the checklist of cognitive biases."""
