"""Reads products as people have them: in a spreadsheet, a shop's export or a Google Merchant feed.

::

    feed.py             file → Table → Columns → ProductRow → Feed, in one pass
    options.py          the keys beside `from:`
    files/              a file of any kind → Grid
    table.py            Grid → Table: text cells with their positions, below a header
    headings.py         what a heading means; words.json has the words of many languages
    columns.py          Table → Columns: the format, and a column for each role
    header_problems.py  headings that are missing, ambiguous or unknown
    amounts.py          a column of amounts → plain digits
    product_rows.py     rows → products: variants, pictures, sale prices
    totals.py           rows that add up the products; total_words.json has the words of many languages
    sale_windows.py     when Merchant's sale prices count
    checks.py           values that a spreadsheet destroyed, currencies, drafts
    understanding.py    what was understood, for people

Importing this package imports none of its modules.
"""
