"""SQL for everyone: engine, base model, column types, transaction boundary."""
