"""What sources share that is not a product's: below all of them, and above asking an HTTP API.

settling   listings, what each thing has, the listings again      contents   what was read of each thing, or why not
listings   what a round of listings showed                        snapshot_builder   what was found so far
scale      permissions, from the lowest to the highest
extras     what `--include` adds
"""
