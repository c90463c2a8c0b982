-- +goose Up

-- Letters that wait to be written and sent. payload says what about, and holds no secret.
CREATE TABLE mail (
    id        TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    kind      TEXT   NOT NULL,
    recipient TEXT   NOT NULL,
    payload   BYTEA  NOT NULL,
    created   BIGINT NOT NULL,
    due       BIGINT NOT NULL,
    tries     BIGINT NOT NULL,
    fault     TEXT   NOT NULL
);
CREATE INDEX mail_due ON mail (due);
