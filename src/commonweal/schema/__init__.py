"""The common data model as data: tables, fields, dialects, feeds.

One declaration, the CSV files in ``data``, gives DDL, checks, the submission
specification, forms and the data dictionary.
"""
