"""Plan, notice, documents and the tender's state."""
