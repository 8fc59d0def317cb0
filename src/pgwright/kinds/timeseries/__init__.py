"""How the kinds of tables over time are read, planned and carried out."""
