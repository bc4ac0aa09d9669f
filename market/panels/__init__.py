"""Expert pool, draw, recusal, seats and score sheets."""
