"""Status pages in SQL."""
