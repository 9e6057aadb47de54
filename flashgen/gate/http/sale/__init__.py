"""One sale at this server, in the order in which a buyer meets it.

`handler.py` gets the request, `served_sale.py` knows the sale and says what is asked, `admission.py` decides who may
come in. `entry.py` gives a place with a form, `ordering.py` takes the order that comes with it, `order_page.py` shows
it; `turned_away.py` is for everybody else. `pages.py` fills in what they all answer.
"""
