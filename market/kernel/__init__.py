"""Pure building blocks: money, time, states, permits, sealing, rulebook."""
