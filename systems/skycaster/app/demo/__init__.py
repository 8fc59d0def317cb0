"""Demo data: fifteen months of a small weather company, made from a fixed seed.

The same seed, scale and anchor day give the same rows, byte for byte. The anchor
is the start of the current UTC day unless it is given, so that the newest rows
are from yesterday and the oldest are old enough for retention.
"""
