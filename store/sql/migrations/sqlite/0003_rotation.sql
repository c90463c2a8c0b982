-- +goose Up

-- When the present secret of a session was first shown (0: it is the one of its key), and when the next was handed out.
ALTER TABLE sessions ADD COLUMN secret_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN offered      INTEGER NOT NULL DEFAULT 0;

-- Secrets of sessions that have changed theirs: handed out (shown = 0), present, or old (retired > 0).
CREATE TABLE session_secrets (
    key     BLOB    NOT NULL PRIMARY KEY,
    session TEXT    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    offered INTEGER NOT NULL,
    shown   INTEGER NOT NULL,
    retired INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_secrets_session ON session_secrets (session, offered);
