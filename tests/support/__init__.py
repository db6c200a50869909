"""What several tests share: events made the way publishers make them."""
