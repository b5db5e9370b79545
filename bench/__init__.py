"""How fast, how gentle and how large: the connector's own command against the embedded Bitbucket.

    python -m bench [--quick]

scenarios   what is measured, and what no client could do better
server      the embedded Bitbucket in a process of its own
export      one export in a process of its own, and what it took
gentleness  what others notice of an export on a server that they keep busy
bare        the server's own throughput, and what HTTP libraries and the throttle cost alone
table       what is printed
payloads    exports of any size without a server
days        the same as days pass
tables      what tables cost
"""
