"""The kinds of files that a feed can be, each read into a Grid: rows of text cells with their positions.

::

    csv_file.py         CSV and TSV
    workbook.py         .xlsx and .ods; sheet_xml.py and ods_xml.py read what calamine leaves out
    merchant_xml.py     RSS and Atom

Importing this package imports none of its modules.
"""
