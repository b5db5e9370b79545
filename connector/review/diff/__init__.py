"""What changed between two exports, and what that means."""
