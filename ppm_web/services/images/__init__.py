"""Pictures as files: fetched, checked, made to fit and kept once. It knows products only by the rows of
their pictures, and no shop; the catalogue and publishing use it.
"""
