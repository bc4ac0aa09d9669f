"""Walks through the product in a browser; a package, so that they have one browser together."""
