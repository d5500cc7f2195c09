"""A terminal's view of a house: commands that start workflows and print views."""
