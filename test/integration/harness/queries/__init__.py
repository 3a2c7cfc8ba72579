"""Random queries whose answers from foreign tables are compared with those from the imported table.

`tables` and `<provider>_tables` have the remote tables of nasty values, `copies` the local tables that show them,
`columns` and `values` what conditions may be made of, `conditions` and `drafts` the random queries, `statements` their
SQL, `answers` asks and compares, `rounds` does so as often as is wanted and counts.
"""
