"""How much one client may say, and how many may come from one address."""
