"""Providers: registration facts, confirmation, bank details, conduct record."""
