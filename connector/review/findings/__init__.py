"""What in an export deserves a second look."""
