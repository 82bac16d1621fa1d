-- A superseded refresh token keeps what its successor is, sealed, and is swept when it would have expired.
ALTER TABLE refresh_tokens ADD COLUMN successor {{blob}} NOT NULL DEFAULT '';
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);
