-- Run once by the image's entry point, in the database that POSTGRES_DB names, when the data directory is made.
CREATE EXTENSION IF NOT EXISTS connector;
