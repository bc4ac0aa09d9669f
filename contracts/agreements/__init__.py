"""Contract text, parties' snapshot, signatures and the contract's state."""
