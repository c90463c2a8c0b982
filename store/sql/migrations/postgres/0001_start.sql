-- +goose Up

-- Times are microseconds since 1970 UTC, durations microseconds, 0 stands for "never". Lists and maps are JSON.
CREATE TABLE users (
    id           TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    username     TEXT    NOT NULL,
    email        TEXT    NOT NULL,
    confirmed    BOOLEAN NOT NULL,
    name         TEXT    NOT NULL,
    roles        TEXT    NOT NULL,
    attributes   TEXT    NOT NULL,
    enabled      BOOLEAN NOT NULL,
    approved     BOOLEAN NOT NULL,
    created      BIGINT  NOT NULL,
    last_sign_in BIGINT  NOT NULL,
    version      BIGINT  NOT NULL,
    search       TEXT    NOT NULL -- address, username and name in lower case, one a line
);
CREATE UNIQUE INDEX users_username ON users (username);
CREATE UNIQUE INDEX users_email ON users (email) WHERE email <> '';
CREATE INDEX users_created ON users (created, id);

-- The roles of users once more, to be searched.
CREATE TABLE user_roles (
    role    TEXT NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (role, user_id)
);
CREATE INDEX user_roles_user ON user_roles (user_id);

-- Usernames that someone had and gave up, by rename or by deletion. created is the account's, so that a page of a list
-- that ended at a deleted account goes on from there.
CREATE TABLE retired_usernames (
    username TEXT    NOT NULL PRIMARY KEY,
    user_id  TEXT    COLLATE "C" NOT NULL,
    created  BIGINT  NOT NULL,
    retired  BIGINT  NOT NULL
);
CREATE INDEX retired_usernames_user ON retired_usernames (user_id);

CREATE TABLE credentials (
    kind    TEXT    NOT NULL,
    id      TEXT    COLLATE "C" NOT NULL,
    owner   TEXT    COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    label   TEXT    NOT NULL,
    data    BYTEA   NOT NULL,
    created BIGINT  NOT NULL,
    used    BIGINT  NOT NULL,
    expires BIGINT  NOT NULL,
    version BIGINT  NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX credentials_owner ON credentials (owner, kind, created);
CREATE INDEX credentials_expires ON credentials (expires) WHERE expires > 0;

CREATE TABLE changes (
    seq     BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id TEXT    COLLATE "C" NOT NULL,
    at      BIGINT  NOT NULL
);

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

-- What a family of sessions shares: one row for every sign-in.
CREATE TABLE sign_ins (
    id         TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    user_id    TEXT    COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created    BIGINT  NOT NULL,
    last_seen  BIGINT  NOT NULL,
    idle       BIGINT  NOT NULL, -- 0: no idle limit
    expires    BIGINT  NOT NULL,
    proofs     TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    device     TEXT    NOT NULL,
    remembered BOOLEAN NOT NULL
);
CREATE INDEX sign_ins_user ON sign_ins (user_id, created);
CREATE INDEX sign_ins_expires ON sign_ins (expires);
CREATE INDEX sign_ins_idle ON sign_ins ((last_seen + idle)) WHERE idle > 0;

-- One row for every key: the sign-in itself (id = sign_in) and each host's session.
CREATE TABLE sessions (
    key     BYTEA   NOT NULL PRIMARY KEY,
    id      TEXT    COLLATE "C" NOT NULL,
    sign_in TEXT    COLLATE "C" NOT NULL REFERENCES sign_ins (id) ON DELETE CASCADE,
    host    TEXT    NOT NULL,
    created BIGINT  NOT NULL
);
CREATE UNIQUE INDEX sessions_id ON sessions (id);
CREATE INDEX sessions_sign_in ON sessions (sign_in);

CREATE TABLE tickets (
    purpose  TEXT    NOT NULL,
    key      BYTEA   NOT NULL,
    payload  BYTEA   NOT NULL,
    deadline BIGINT  NOT NULL,
    PRIMARY KEY (purpose, key)
);
CREATE INDEX tickets_deadline ON tickets (deadline);

-- key is the SHA-256 of the counter's name, which may hold whatever a stranger typed.
CREATE TABLE counters (
    key   BYTEA   NOT NULL PRIMARY KEY,
    count BIGINT  NOT NULL,
    until BIGINT  NOT NULL
);
CREATE INDEX counters_until ON counters (until);
