"""Requests to the gate: who asks, what they may have, what they are answered.

`app.py` is the raw ASGI app; `sale/` answers for one sale's order URL, `pass_entry.py` for passes that are shown,
`probes.py` for machines.
"""
