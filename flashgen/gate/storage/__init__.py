"""What a gate must not lose: slots, units, orders.

`protocol.py` says what is asked of a storage; `sqlite/` and `redis/` answer; `batch.py` gathers what many requests
ask at the same time, so that a commit or a round trip serves them all.
"""
