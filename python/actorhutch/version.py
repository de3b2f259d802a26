"""The package's version, which is that of the program it calls."""
__version__ = "0.1.0"
