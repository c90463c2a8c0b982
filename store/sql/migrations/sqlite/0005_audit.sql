-- +goose Up

-- What happened. No row points at an account: the trail outlives it.
CREATE TABLE audit (
    id       TEXT NOT NULL PRIMARY KEY,
    at       INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    result   TEXT NOT NULL,
    reason   TEXT NOT NULL,
    actor    TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    username TEXT NOT NULL,
    method   TEXT NOT NULL,
    session  TEXT NOT NULL,
    address  TEXT NOT NULL,
    host     TEXT NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_kind ON audit (kind, at, id);
CREATE INDEX audit_user ON audit (user_id, at, id) WHERE user_id <> '';
CREATE INDEX audit_actor ON audit (actor, at, id) WHERE actor <> '';
CREATE INDEX audit_address ON audit (address, at, id) WHERE address <> '';
