"""What the embedded Bitbuckets share: HTTP on a loopback port, faults, the server's life, the people of the demo.

Knows no product: neither addresses, nor permissions, nor errors of Data Center or Cloud.
"""
