"""What a sale will need and cost, reckoned before it begins.

::

    arrivals ─▶ polling and first visits ─▶ edge ─▶ regional caches ─▶ store
        │                                     │
        ▼                                     ▼
    buyers ─▶ slots ─▶ stock                bytes, quotas, costs
"""
