"""Small Bitbuckets that come along: for the demo, the tests and the benchmark."""
