"""邻里购 (Linli): street-level purchasing of social services."""

__version__ = "0.1.0"
