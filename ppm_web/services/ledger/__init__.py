"""Every transition of a row that is published: claims and leases, tickets, tries and how they are settled.

Rows, items, counters, log lines and failures change here and in one commit, so that they add up. It calls
no shop; whoever runs a sync, a batch or the sweep uses it.
"""
