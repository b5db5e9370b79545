"""Where a snapshot comes from: one folder a source. Sources never import each other."""
