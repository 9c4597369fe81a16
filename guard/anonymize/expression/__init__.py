"""Masks that a rule's author writes: one closed grammar with a form for Arrow and one in SQL that agree on every value.

Reference: Apache Ranger's mask type CUSTOM, whose `{col}` stands for the column; there it is free SQL, here it is not.
"""
