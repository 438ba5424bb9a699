"""The benchmarks (``make bench``): every figure beside a yardstick that runs in the same minute.

Absolute figures say more about the machine than about PPM; a ratio to a bare loop, to a bare INSERT,
or to what one would use instead holds from machine to machine.
"""
