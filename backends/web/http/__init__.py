"""HTTP: the addresses of the server, and what answers at each."""
