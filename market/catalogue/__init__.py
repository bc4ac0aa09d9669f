"""The guidance catalogue of services, the negative list and price references."""
