CREATE TABLE settings (id INTEGER PRIMARY KEY, doc {{blob}} NOT NULL, version BIGINT NOT NULL);

CREATE TABLE signing_keys (
  kid TEXT PRIMARY KEY, alg TEXT NOT NULL, state TEXT NOT NULL, public_jwk {{blob}} NOT NULL, private_sealed {{blob}} NOT NULL,
  created_at BIGINT NOT NULL, activated_at BIGINT NOT NULL, retired_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (alg) WHERE state = 'active';

CREATE TABLE clients (
  id BIGINT PRIMARY KEY, alias TEXT, doc {{blob}} NOT NULL, secret_sealed {{blob}} NOT NULL, version BIGINT NOT NULL,
  created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX clients_alias ON clients (alias);

CREATE TABLE tickets (
  hash {{blob}} PRIMARY KEY, kind TEXT NOT NULL, client_id BIGINT NOT NULL, request {{blob}} NOT NULL, expires_at BIGINT NOT NULL
) {{keyed}};
CREATE INDEX tickets_expiry ON tickets (expires_at);

CREATE TABLE grants (
  id TEXT PRIMARY KEY, client_id BIGINT NOT NULL, subject TEXT NOT NULL, scopes TEXT NOT NULL, details {{blob}} NOT NULL,
  created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, revoked_at BIGINT NOT NULL
) {{changing}};
CREATE INDEX grants_expiry ON grants (expires_at);
CREATE INDEX grants_client ON grants (client_id);
CREATE INDEX grants_subject ON grants (subject, client_id);

-- Codes and refresh tokens have no expiry index: they are swept with their grant.
CREATE TABLE codes (
  hash {{blob}} PRIMARY KEY, grant_id TEXT NOT NULL, client_id BIGINT NOT NULL, request {{blob}} NOT NULL,
  expires_at BIGINT NOT NULL, consumed_at BIGINT NOT NULL
) {{changing}};
CREATE INDEX codes_grant ON codes (grant_id);

CREATE TABLE refresh_tokens (
  hash {{blob}} PRIMARY KEY, grant_id TEXT NOT NULL, client_id BIGINT NOT NULL, scopes TEXT NOT NULL, generation BIGINT NOT NULL,
  created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, superseded_at BIGINT NOT NULL
) {{changing}};
CREATE INDEX refresh_tokens_grant ON refresh_tokens (grant_id);

CREATE TABLE access_tokens (
  hash {{blob}} PRIMARY KEY, grant_id TEXT NOT NULL, grant_type TEXT NOT NULL, client_id BIGINT NOT NULL, subject TEXT NOT NULL,
  scopes TEXT NOT NULL, issued_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, revoked_at BIGINT NOT NULL
) {{keyed}};
CREATE INDEX access_tokens_expiry ON access_tokens (expires_at);

CREATE TABLE remembered_ids (hash {{blob}} PRIMARY KEY, expires_at BIGINT NOT NULL) {{keyed}};
CREATE INDEX remembered_ids_expiry ON remembered_ids (expires_at);

CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, held_until BIGINT NOT NULL);
