"""What is measured beside its limit: make bench."""
