"""The demonstration story, played through the rooms' own actions."""
