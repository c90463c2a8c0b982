-- +goose Up

-- Events that the webhook was not told yet. What is forgotten of the trail is told no more.
CREATE TABLE deliveries (
    id    TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES audit (id) ON DELETE CASCADE,
    at    BIGINT NOT NULL,
    due   BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    fault TEXT NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (due, id);
CREATE INDEX deliveries_at ON deliveries (at);
CREATE INDEX deliveries_tries ON deliveries (tries) WHERE tries > 0;

-- What happened with an account that is gone is looked for by the name it had.
CREATE INDEX audit_username ON audit (username, at, id) WHERE username <> '';
