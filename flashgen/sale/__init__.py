"""Reads what marketing writes, a sale in YAML with products in YAML or in a feed, into one frozen `Sale`.

::

    load.py             path → Loaded: the sale, its warnings, the position of every value
    model.py            the models of the file: Header, Sale; product.py and order.py hold the larger sections
    product_list.py     the list of products, in the YAML or in a feed
    feeds/              spreadsheets, shop exports and Merchant feeds → rows of products
    money.py, instant.py, language.py, text.py    each reads one kind of value from its text
    schema.py           the models → JSON Schema, for editors
    template.py         the YAML of a new sale

`flashgen.document` reads YAML itself. Importing this package imports none of its modules: a caller imports the one it
needs, when it needs it.
"""
