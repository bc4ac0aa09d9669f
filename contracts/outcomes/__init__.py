"""Outcome evaluation from four sources and the share earned."""
