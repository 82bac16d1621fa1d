-- A ticket is the sealed request itself. Of used ones the hash is kept among the remembered ids.
DROP TABLE tickets;
