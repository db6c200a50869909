"""A deterministic story of five agents, played for those who have nothing to watch yet."""
