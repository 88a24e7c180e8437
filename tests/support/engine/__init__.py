"""Stand-ins and benches for the parts of the engine."""
