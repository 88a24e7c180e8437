"""The Channel Access backend, on caproto; imported only where it is asked for."""
