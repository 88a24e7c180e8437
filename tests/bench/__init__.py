"""The benchmark: what serving a tree costs, in ratios of one run; ``make bench`` runs it."""
