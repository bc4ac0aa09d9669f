"""How a contract ends before its time: termination, settlement of accepted work, and money claimed back."""
