"""Syncs of products and categories: asking for them, running what was claimed, waiting for the end.

Batches, failures and the jobs use it.
"""
