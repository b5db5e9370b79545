"""What the sources share; knows no product, and stands above `rest`.

source      what commands need of one                       settings          how any Bitbucket is asked
collector   the flow of an export                           batches           many things of one kind, read in workers
listings    what a round of listings showed                 contents          what each thing has, or why not
snapshot_builder   what was found so far                    journals          what a journal says of its run
scale       permissions, from the lowest to the highest     effective         who can do what according to Bitbucket
addresses   segments filled in                              problems          answers of proxies, caches and login pages
extras      what `--include` adds                           check             steps of a check, and the network
"""
