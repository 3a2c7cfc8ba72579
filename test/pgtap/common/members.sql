-- What belongs to the extension, by pg_depend: a view of this session, gone with the transaction. Row types of relations, and
-- the arrays of these, do so in PostgreSQL 18 and not in 15: they come with their relations and are left out.
CREATE TEMPORARY VIEW member AS
SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS description
FROM pg_depend d
JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
LEFT JOIN pg_type t ON t.oid = d.objid AND d.classid = 'pg_type'::regclass
LEFT JOIN pg_type of ON of.oid = t.typelem
WHERE e.extname = 'connector' AND d.deptype = 'e' AND coalesce(nullif(t.typrelid, 0), nullif(of.typrelid, 0)) IS NULL;
