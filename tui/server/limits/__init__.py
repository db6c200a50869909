"""How much one client may say, how often, and how many may come from one address."""
