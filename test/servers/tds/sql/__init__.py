"""T-SQL: a documented subset, parsed, typed and turned into SQLite's SQL. What is known: README.md of the folder above."""
