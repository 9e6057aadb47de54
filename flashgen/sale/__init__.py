"""What marketing writes: a sale in YAML, its products in YAML or in a CSV feed, read into one frozen `Sale`.

::

    source.py       bytes of a file → text               the refusals every input file shares
    document.py     text of a YAML file → plain data     the only place that knows yaml; drives tree.py and places.py
    syntax.py       libyaml's words → ours
    amend.py        one value of a YAML file replaced    comments and all else kept
    feed.py         a CSV file → rows
    model.py        Product, Order, Unlock, Header, Sale     product.py and order.py hold the larger sections
    validation.py   plain data → a model, or problems with their places
    load.py         path → Loaded: the sale, its warnings, where each value stands; by header.py and products.py
    money.py, instant.py, language.py, origin.py, text.py    one kind of value each, from its text
    schema.py       the models → JSON Schema, for editors
    template.py     the YAML of a new sale

Importing this package imports none of them: callers name the module they need, when they need it.
"""
