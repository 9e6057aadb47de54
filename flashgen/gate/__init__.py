"""The order gate: the one server of a sale.

::

    GET  /o/<token>?sku=  ─▶ admission ─▶ storage: the buyer's order, or a slot ─▶ order page, form, or 303 to `ended`
    POST /o/<token>?sku=  ─▶ admission ─▶ storage: slot and unit and outbox, at once ─▶ 303 to itself: the order page
                                            └─▶ forwarder ─▶ order subsystem

    settings.py      what gate.json says: written by build, read here
    forms.py         pages that the theme rendered at build, with places for what differs by buyer
    reading.py       what is known of a sale now: settings, pages, pointer; read again every second
    admission.py     who may come in, decided in one order; pure
    app.py           HTTP, as raw ASGI
    storage/         what must not be lost: slots, units, orders
    forwarder.py     orders on their way to the order subsystem
    sold.py          SKUs that are gone, written into the pointer

Imports nothing here, so that build can use `settings` and `forms` alone.
"""
