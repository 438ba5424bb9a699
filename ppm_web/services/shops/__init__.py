"""The shops: what a person enters, their settings and keys, what stands for what there, and the client for
one.

Whoever calls a shop gets the client here. It sends nothing of the catalogue.
"""
