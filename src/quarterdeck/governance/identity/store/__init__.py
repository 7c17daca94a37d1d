"""Identity in SQL: its tables, what a reading writes, what people ask."""
