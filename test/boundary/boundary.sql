-- The functions of the boundary's test module; MODULE stands for the path of the library.
CREATE FUNCTION boundary_probes() RETURNS text STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_marks() RETURNS int STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_interrupts() RETURNS text STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_allocated() RETURNS bigint STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_signals() RETURNS text STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_fail(kind text) RETURNS text STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_fail_held(kind text) RETURNS text STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_unlimit() RETURNS void STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_subtransaction(kind text) RETURNS text STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_nested_subtransactions(kind text) RETURNS text STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_wait(socket text, mark text, events int, deadline int, run_deadline int) RETURNS int
  LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_wait_for_two(socket text, other text, mark text, events int, deadline int, run_deadline int)
  RETURNS text LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_fatal(mark text) RETURNS void STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_tie(kind text) RETURNS void STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_convert(text bytea, source text, target text) RETURNS bytea STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_valid(text bytea, source text, target text) RETURNS bool STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_server_text(text bytea) RETURNS bytea STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_exact_server_text(text bytea) RETURNS bytea STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_text_datum(text bytea) RETURNS text STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_utf8_text(text text) RETURNS bytea STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_raise_text(text bytea) RETURNS void STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_notice(message bytea, detail bytea) RETURNS void STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_quote(text text) RETURNS text STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_server_text_after_error(text bytea) RETURNS text STRICT LANGUAGE c AS 'MODULE';

CREATE TYPE boundary_unreadable;
CREATE FUNCTION boundary_unreadable_in(cstring) RETURNS boundary_unreadable STRICT LANGUAGE c AS 'MODULE';
CREATE FUNCTION boundary_unreadable_out(boundary_unreadable) RETURNS cstring STRICT LANGUAGE c AS 'MODULE';
CREATE TYPE boundary_unreadable (INPUT = boundary_unreadable_in, OUTPUT = boundary_unreadable_out);

CREATE TABLE boundary_words (word text);

-- Fails so many times, each in a subtransaction of PL/pgSQL.
CREATE FUNCTION boundary_repeat(kind text, times int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  failures int := 0;
BEGIN
  FOR i IN 1 .. times LOOP
    BEGIN
      PERFORM boundary_fail(kind);
    EXCEPTION WHEN query_canceled OR others THEN
      failures := failures + 1;
    END;
  END LOOP;
  RETURN failures;
END
$$;

-- What PL/pgSQL sees of a failure.
CREATE FUNCTION boundary_seen(kind text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  message text;
  detail text;
  hint text;
  context text;
  relation text;
BEGIN
  PERFORM boundary_fail(kind);
EXCEPTION WHEN query_canceled OR others THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
    context = PG_EXCEPTION_CONTEXT, relation = TABLE_NAME;
  RETURN ARRAY[SQLSTATE, message, detail, hint, context, relation];
END
$$;

-- Caught, told again: the second way out must find all of the error as well.
CREATE FUNCTION boundary_caught_and_raised(kind text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM boundary_fail(kind);
EXCEPTION WHEN query_canceled OR others THEN
  PERFORM repeat('overwrite what was freed', 1000) FROM generate_series(1, 100);
  RAISE;
END
$$;
