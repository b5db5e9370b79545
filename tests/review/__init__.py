"""Tests of the reader of exports: the graph stated as sets of tuples, on payloads made by hand or by oaaclient."""
