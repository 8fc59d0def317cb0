"""What a data model looks like to people: pages, pictures and a report, made from a catalog."""
