"""Trust in a model's label: calibration, the alternative-annotator test and agreement, in one place."""
