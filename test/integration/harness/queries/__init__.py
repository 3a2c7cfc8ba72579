"""Random queries whose answers from foreign tables are compared with those from the imported table.

`tables` and `<provider>_tables` have the remote tables of nasty values, `copies` the local tables that show them,
`columns` and `values` what conditions may be made of. Of one table `conditions` and `drafts` have the random queries and
`statements` their SQL; of groups and several tables `relations`, `groups` and `compositions`, and `composed` their SQL.
`answers` asks and compares, `rounds` does so as often as is wanted and counts, `coverage` tells what remotes were sent.
"""
