"""Tests of the connector; the folders mirror `connector/`, `model` is what its answers are proved with."""
