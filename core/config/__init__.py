"""The arguments of a server: each declared once, read from Python or from YAML."""
