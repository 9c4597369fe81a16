"""People, addresses, places, organisations and occupations in running text of Latin, Greek and Cyrillic letters.

A linear-chain model over tokens, trained by `python -m training` on text that is generated for it; no model is
downloaded, and numpy is all that reading needs.
"""
