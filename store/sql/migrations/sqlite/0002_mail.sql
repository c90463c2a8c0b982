-- +goose Up

-- Letters that wait to be written and sent. payload says what about, and holds no secret.
CREATE TABLE mail (
    id        TEXT    NOT NULL PRIMARY KEY,
    kind      TEXT    NOT NULL,
    recipient TEXT    NOT NULL,
    payload   BLOB    NOT NULL,
    created   INTEGER NOT NULL,
    due       INTEGER NOT NULL,
    tries     INTEGER NOT NULL,
    fault     TEXT    NOT NULL
) STRICT;
CREATE INDEX mail_due ON mail (due);
