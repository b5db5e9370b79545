"""An export as one HTML page that people read: figures, findings, a picture of access, a search.

`page.page` makes it. Python gives the facts (`data`, `summary`); what follows from them is worked out in the
browser when somebody asks (`engine.js` has the rules of `graph.access`, `matrix.js` the picture, `page.js` the
rest), so that a million grants make a page of a few megabytes that opens at once.
"""
