"""Bring a table in use to another form: a time series, or back to a plain table, while everybody goes on.

The new form is built beside the table and filled in batches; triggers note which rows change meanwhile. In
the end both are compared, and the two change names in one short transaction.
"""
