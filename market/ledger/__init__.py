"""Accounts and single-debit single-credit transfers, append only."""
