"""Framework agreements and call-offs."""
