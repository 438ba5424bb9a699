"""Getting products and categories into one shop: what differs, in as few requests as can be, each once.

It is given what is claimed and says what came of it; who asked, and what is settled, is decided above.
"""
