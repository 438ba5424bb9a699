"""How a shop takes what is sent to it: its rate of requests, what is remembered of it, and its breaker.

It calls no shop: publishing and the runs tell it what came of a request.
"""
