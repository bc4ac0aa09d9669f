"""From signed contract to the last fen paid."""
