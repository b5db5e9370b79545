"""argv → exit code. The only place that ends the process."""
