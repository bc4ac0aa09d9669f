"""Evaluation of bids: qualification check, price scores, ranking, report."""
