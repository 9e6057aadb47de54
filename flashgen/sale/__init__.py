"""What marketing writes: a sale in YAML, its products in YAML or in a CSV feed, read into one frozen `Sale`.

::

    load.py         path → Loaded: the sale, its warnings, the place of every value
    model.py        the sections of the file: Header, Sale; product.py and order.py hold the larger ones
    products.py     the list of products, in the YAML or in a feed
    feed.py         a CSV file → rows
    money.py, instant.py, language.py, text.py    one kind of value each, from its text
    shared_cookie.py    whether the order servers can share a buyer's cookie
    schema.py       the models → JSON Schema, for editors
    template.py     the YAML of a new sale

Reading YAML itself, with the place of every value, is `flashgen.document`.

Importing this package imports none of them: callers name the module they need, when they need it.
"""
