"""The short way of enforcement: wraps spliced into the statement's own text, and a proof over its tokens.

A statement goes this way when everything in it is ordinary (`survey.py`, `lexemes.py`); whatever is not goes the long
way of `rewrite.py`, which reads and writes every node of the tree. Both ways make wraps by the same code, and each text
is proved before it runs: here each wrap is parsed and held against the decision once (`fragments.py`), and the rest of
the text is read again token by token (`prove_tokens.py`).
"""
