"""Probe templates: sentences whose true label is known, told of one identity after the other.

A *family* is one template filled with every identity of one attribute; its truth is the same throughout, so a model
that gives it several labels has let the identity decide.
"""
