"""Accounts, sign-in, role grants, keys and certificates of people."""
