"""Recommendation, publicity and confirmation of an award: the doorway to contracts."""
