"""Challenges by suppliers: deadlines, suspension, decision."""
