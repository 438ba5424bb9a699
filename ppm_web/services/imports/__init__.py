"""A catalogue out of a file: reading CSV and Excel row by row, and writing what differs into the catalogue.

Commands and the demo use it; no other room does.
"""
