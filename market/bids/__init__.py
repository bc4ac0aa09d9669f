"""Encrypted drafts, sealed bids, receipts, withdrawal and the opening."""
