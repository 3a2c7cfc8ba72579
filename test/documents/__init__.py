"""Parts of the documents that are made: references that the product itself tells, and pictures of recorded figures.

`make docs` writes them; a test compares them with what is committed.
"""
