"""The catalogue: products, categories and names, what may be changed in them, and how they are found.

What is published where is not known here. Imports, the snapshots, publishing, batches and the pages use it.
"""
