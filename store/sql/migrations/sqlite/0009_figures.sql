-- +goose Up

-- The audit trail, counted by the hour that begins at hour. An event is counted in the step that stores it; an older gateway
-- beside this one does not count.
CREATE TABLE event_hours (
    hour   INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    result TEXT NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (hour, kind, result)
) STRICT, WITHOUT ROWID;
INSERT INTO event_hours (hour, kind, result, count)
    SELECT at - at % 3600000000, kind, result, COUNT(*) FROM audit GROUP BY at - at % 3600000000, kind, result;

-- The most sessions that were seen open at once in each hour.
CREATE TABLE session_hours (
    hour INTEGER NOT NULL PRIMARY KEY,
    open INTEGER NOT NULL
) STRICT;

-- Who waits for approval: few of many.
CREATE INDEX users_unapproved ON users (created, id) WHERE NOT approved;

-- How many hold which roles, without reading the accounts.
CREATE INDEX users_by_roles ON users (roles);
