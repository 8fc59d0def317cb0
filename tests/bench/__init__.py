"""Measures of speed and memory, apart from the tests because they need a quiet machine."""
