-- +goose Up

-- When an account's owner was last sent an invitation that was not taken up since (0: there is none), and whether a new
-- password must be chosen before there is a session again.
ALTER TABLE users ADD COLUMN invited      BIGINT  NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN password_due BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX users_waiting ON users (created, id) WHERE NOT approved;
