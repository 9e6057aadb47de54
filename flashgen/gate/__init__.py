"""The order gate: the one server of a sale.

::

    GET  /o/<token>?sku=  ─▶ admission ─▶ storage: the buyer's order, or a slot ─▶ order page, form, or 303 to `ended`
    POST /o/<token>?sku=  ─▶ admission ─▶ storage: slot and unit and outbox, at once ─▶ 303 to itself: the order page
                                            └─▶ forwarder ─▶ order subsystem

    what is known     settings.py (gate.json), forms.py (pages with marks), reading.py (both and the pointer, now)
    who may come in   admission.py (one order of questions, pure), buyer.py, lease.py, seal.py
    HTTP              app.py (raw ASGI), desk.py (one sale: GET and POST), request.py, response.py, pages.py
    what is not lost  storage/; health.py (whether it answers)
    where it goes     forwarder.py, destination.py, order_subsystem.py; sold.py (into the pointer)
    for machines      probes.py, metrics.py, log.py
    processes         serving.py (workers on one socket), connection.py (bounds on what a client sends)
    outside.py        everything from the world outside, filled in by `cli` and by tests

Imports nothing here, so that build can use `settings` and `forms` alone.
"""
