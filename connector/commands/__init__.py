"""One module a command: where `collect`, `publish` and `review` meet, and nowhere else.

export   collect, guard, save, push      check    what these credentials can see; --verify
demo     export of the embedded server   report   a page about an export
offline  access and diff
"""
