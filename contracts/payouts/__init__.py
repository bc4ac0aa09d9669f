"""Amount due, request, approval, providers, reconciliation."""
