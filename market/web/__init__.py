"""HTTP for everyone: guard, fields, filters, room cards."""
