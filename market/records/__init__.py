"""The books every room writes in: audit, files, notices, messages, moves, jobs."""
