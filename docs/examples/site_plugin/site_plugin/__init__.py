"""How our beamline names, converts, guards and records what Roguebridge serves."""
