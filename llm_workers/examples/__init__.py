"""Few-shot examples: from which items, which of them, and for which item.

They come from gold and from cases that experts settled, or are picked by the owner. An item is never its own example:
one that all items are shown is taken out of what the prompt labels, and one that is looked up by likeness leaves out
the item that it is looked up for.
"""
