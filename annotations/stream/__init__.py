"""Items drawn for a check by an expert: uniformly, and where errors are likely with chances that are known."""
