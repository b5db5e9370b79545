"""Findings: what a reviewer should look at in an export, and which findings have been accepted."""
