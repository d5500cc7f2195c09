"""Where stages meet: each workflow takes a Store and reads as its own documentation."""
