"""Cryptography by the column: one call of a block cipher for a whole chunk of values, not one for each value."""
