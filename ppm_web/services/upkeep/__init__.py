"""What keeps PPM going by itself: the sweep, the probes of paused shops, retention; and switching a shop
off and on, which hands out what waits for it.
"""
