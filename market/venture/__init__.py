"""Venture-philanthropy rounds, subsidies and rewards."""
