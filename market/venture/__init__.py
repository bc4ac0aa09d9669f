"""Rounds: a call for projects with a pool of money, applications, a jury and a decision that ends in awards."""
