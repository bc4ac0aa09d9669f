"""Districts, streets and communities, calendars and rulebook overrides."""
