"""What a study shows: the page, its pictures and its words."""
