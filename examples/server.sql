-- As a superuser: where the remote is, who may use it, and with which login. Variables: provider, server, port, username,
-- password, and role, the local role that is to use it; database and sslmode if they are not as below.
\set ON_ERROR_STOP on
\if :{?database} \else \set database shop \endif
\if :{?sslmode} \else \set sslmode prefer \endif

CREATE SERVER shop FOREIGN DATA WRAPPER connector
    OPTIONS (provider :'provider', server :'server', port :'port', database :'database', sslmode :'sslmode');
CREATE USER MAPPING FOR :"role" SERVER shop OPTIONS (username :'username', password :'password');
GRANT USAGE ON FOREIGN SERVER shop TO :"role";

-- A schema to put tables into, which is that role's.
CREATE SCHEMA IF NOT EXISTS shop AUTHORIZATION :"role";
