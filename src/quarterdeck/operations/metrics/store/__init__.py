"""Series in SQL: what there is, what is still open, what is sealed."""
