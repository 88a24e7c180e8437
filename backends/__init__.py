"""Protocol backends; each is registered by its ``plugin`` module."""
