"""The use cases of PPM. They own every commit; views, jobs and commands only call them.

Each folder is a room, named after a noun of the field, and says in its first lines what it holds and who
may use it. Which rooms a room may use stands in tests/test_layers.py. ``addresses``, ``errors`` and
``upserts`` are for all.
"""
