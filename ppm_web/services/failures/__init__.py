"""What failed for good, for people: the lists of it, trying again, deleting. The rows are written in the
ledger.
"""
