"""What a network takes over from the networks before it."""
