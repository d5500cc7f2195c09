"""codebook-lab: folders of annotation runs, of its own and of evalhouse, and their tables."""
