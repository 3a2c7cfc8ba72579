"""The runner behind `make check`.

Groups, in this order: `style` (clang-format, clang-tidy, shellcheck), `unit` (GoogleTest), `regress` (pg_regress),
`pgtap`, one group for each folder of test/integration that holds tests (pytest), and `fuzz` (libFuzzer). `host18`, some
of them again in PostgreSQL 18, runs with CONNECTOR_TEST_THOROUGH=1 or if it is named, `compilers` and `packages` only if
they are named. ONLY= and SKIP= in the environment choose among them (spaces or commas between names).
CONNECTOR_TEST_THOROUGH=1 leaves no test out (see integration/harness/thorough.py). CONNECTOR_TEST_HOST= names other
hosts than the machine's own PostgreSQL (see servers/hosts.py); SANITIZE=1 tests an extension built with sanitizers; FUZZ_SECONDS=
says how long each fuzzer runs; PYTEST_ARGS= is given to pytest.

All is quiet when all is well. Logs stay in build/test-logs (build/sanitize/test-logs with SANITIZE=1); a failure shows the
end of its log. The last line is `N passed, N failed, N skipped`, and the exit status is 0 only if something passed and
nothing failed.
"""
