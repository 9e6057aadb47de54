"""A storage in a Redis server, for the gates of several machines.

`storage.py` is the storage, and draws what lies in the server; `records.py` has the names of keys; `lua/` are the
scripts that decide, and `scripts.py` calls them. `server.py` finds the server that `url.py` names, and
`durability.py` says whether it may lose orders.
"""
