"""What names, scales and directions mean, decided only where it is known."""
