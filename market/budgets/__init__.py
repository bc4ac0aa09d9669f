"""A street's yearly fund: sources, lines, the floor and the growth check."""
