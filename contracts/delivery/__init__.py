"""Milestones, reports, acceptance."""
