"""Who needs you, told beyond the screen: bell, desktop notification, a command of your own."""
