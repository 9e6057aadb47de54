"""The order gate: the one server of a sale.

::

    GET  /o/<token>?sku=  ─▶ admission ─▶ storage: the buyer's order, or a slot ─▶ order page, form, or 303 to the sale
    POST /o/<token>?sku=  ─▶ admission ─▶ storage: slot, unit and outbox in one step ─▶ 303 to itself: the order page
                                            └─▶ forwarder ─▶ order subsystem

    http/        requests: admission, buyers, forms and orders, probes for machines
    mark/        which storage sells a sale, and how far it had come, as known outside of it
    orders/      what becomes of an order: sent to the order subsystem, which has the last word
    process/     one process: the app, and the threads for each sale; the parent of all
    storage/     what must not be lost: slots, units, orders; SQLite or Redis
    settings.py  gate.json, which build writes; forms.py: pages that build renders and the gate fills in
    sale_reader.py    reads gate.json, pages and pointer from the store every second
    sold_writer.py    writes sold-out SKUs into the pointer
    signatures.py, metrics.py, shared_rows.py, log.py, background.py    what several of these use

Imports nothing here, so that build can use `settings` and `forms` alone.
"""
