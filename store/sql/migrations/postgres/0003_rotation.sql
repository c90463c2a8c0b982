-- +goose Up

-- When the present secret of a session was first shown (0: it is the one of its key), and when the next was handed out.
ALTER TABLE sessions ADD COLUMN secret_since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN offered      BIGINT NOT NULL DEFAULT 0;

-- Secrets of sessions that have changed theirs: handed out (shown = 0), present, or old (retired > 0).
CREATE TABLE session_secrets (
    key     BYTEA   NOT NULL PRIMARY KEY,
    session TEXT    COLLATE "C" NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    offered BIGINT  NOT NULL,
    shown   BIGINT  NOT NULL,
    retired BIGINT  NOT NULL
);
CREATE INDEX session_secrets_session ON session_secrets (session, offered);
