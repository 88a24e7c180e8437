"""Pages, their snippets, and what runs them."""
