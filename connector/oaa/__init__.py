"""Snapshot → OAA payload. With `outputs.veza` the only folder that knows oaaclient.

vocabulary    what a mapping consists of; `server` and `cloud` are the mappings of the two products, as data
mapping       snapshot → OAA application; `extras` adds what `--include` read
properties    how properties are defined, set and written; `names` what an application is called
shrink_guard  how much of an earlier payload would disappear
"""
