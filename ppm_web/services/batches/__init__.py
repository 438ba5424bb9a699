"""Batches of many products to one shop: starting and stopping them, claiming their products, their tickets
and runs.
"""
