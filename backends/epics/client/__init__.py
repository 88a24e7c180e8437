"""The clients of the command line, over PVAccess or Channel Access."""
