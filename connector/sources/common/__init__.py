"""What sources share that is not a product's: below all of them, and above asking an HTTP API.

settling   listings, what each thing has, the listings again      contents   what was read of each thing, or why not
extras     what `--include` adds
"""
