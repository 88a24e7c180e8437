"""The PVAccess backend, on p4p; imported only where it is asked for."""
