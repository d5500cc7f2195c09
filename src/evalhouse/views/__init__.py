"""What people look at: frozen dataclasses, one a page, made by functions over a Reader."""
