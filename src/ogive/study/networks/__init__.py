"""The networks of a study, how their weights start, and what is read from them."""
