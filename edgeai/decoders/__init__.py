"""Decoders: one short pure file a model family; the module's name is the name in a card or graph."""
