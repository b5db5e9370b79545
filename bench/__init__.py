"""Speed, gentleness and memory of the connector's own command against the embedded Bitbucket.

    python -m bench [--quick]

scenarios   what is measured, and the time of an ideal client
server      the embedded Bitbucket in a process of its own
export      one export in a process of its own, and what it took
gentleness  the effect of an export on other clients of a busy server
bare        the server's own throughput, and what HTTP libraries and the throttle cost alone
table       the tables that are printed
payloads    exports of any size without a server
days        the same over many days
tables      the cost of tables
"""
