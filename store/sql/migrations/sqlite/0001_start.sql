-- +goose Up

-- Times are microseconds since 1970 UTC, durations microseconds, 0 stands for "never". Lists and maps are JSON.
CREATE TABLE users (
    id           TEXT    NOT NULL PRIMARY KEY,
    username     TEXT    NOT NULL,
    email        TEXT    NOT NULL,
    confirmed    INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    roles        TEXT    NOT NULL,
    attributes   TEXT    NOT NULL,
    enabled      INTEGER NOT NULL,
    approved     INTEGER NOT NULL,
    created      INTEGER NOT NULL,
    last_sign_in INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    search       TEXT    NOT NULL -- address, username and name in lower case, one a line
) STRICT;
CREATE UNIQUE INDEX users_username ON users (username);
CREATE UNIQUE INDEX users_email ON users (email) WHERE email <> '';
CREATE INDEX users_created ON users (created, id);

-- The roles of users once more, to be searched.
CREATE TABLE user_roles (
    role    TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (role, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_roles_user ON user_roles (user_id);

-- Usernames that someone had and gave up, by rename or by deletion. created is the account's, so that a page of a list
-- that ended at a deleted account goes on from there.
CREATE TABLE retired_usernames (
    username TEXT    NOT NULL PRIMARY KEY,
    user_id  TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    retired  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX retired_usernames_user ON retired_usernames (user_id);

CREATE TABLE credentials (
    kind    TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    owner   TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    label   TEXT    NOT NULL,
    data    BLOB    NOT NULL,
    created INTEGER NOT NULL,
    used    INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;
CREATE INDEX credentials_owner ON credentials (owner, kind, created);
CREATE INDEX credentials_expires ON credentials (expires) WHERE expires > 0;

CREATE TABLE changes (
    seq     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- What a family of sessions shares: one row for every sign-in.
CREATE TABLE sign_ins (
    id         TEXT    NOT NULL PRIMARY KEY,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created    INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    idle       INTEGER NOT NULL, -- 0: no idle limit
    expires    INTEGER NOT NULL,
    proofs     TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    device     TEXT    NOT NULL,
    remembered INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_ins_user ON sign_ins (user_id, created);
CREATE INDEX sign_ins_expires ON sign_ins (expires);
CREATE INDEX sign_ins_idle ON sign_ins (last_seen + idle) WHERE idle > 0;

-- One row for every key: the sign-in itself (id = sign_in) and each host's session.
CREATE TABLE sessions (
    key     BLOB    NOT NULL PRIMARY KEY,
    id      TEXT    NOT NULL,
    sign_in TEXT    NOT NULL REFERENCES sign_ins (id) ON DELETE CASCADE,
    host    TEXT    NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX sessions_id ON sessions (id);
CREATE INDEX sessions_sign_in ON sessions (sign_in);

CREATE TABLE tickets (
    purpose  TEXT    NOT NULL,
    key      BLOB    NOT NULL,
    payload  BLOB    NOT NULL,
    deadline INTEGER NOT NULL,
    PRIMARY KEY (purpose, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_deadline ON tickets (deadline);

-- key is the SHA-256 of the counter's name, which may hold whatever a stranger typed.
CREATE TABLE counters (
    key   BLOB    NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX counters_until ON counters (until);

-- Who must be read again, for the other processes on this file. AUTOINCREMENT: a number is never used twice, so that a
-- reader who slept through the pruning sees the gap.
CREATE TABLE feed (
    seq     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX feed_at ON feed (at);
