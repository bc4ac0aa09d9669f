"""The incubation network: nodes, residencies, graduation."""
