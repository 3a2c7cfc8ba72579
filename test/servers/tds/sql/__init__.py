"""T-SQL: a documented subset, parsed, typed and turned into SQLite's SQL. `grammar.md` says what is known."""
