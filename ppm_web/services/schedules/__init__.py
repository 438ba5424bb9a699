"""What runs by itself: which schedules there are, when they are due, and what each does. The top room of
all.
"""
