-- +goose Up

-- The audit trail, counted by the hour that begins at hour. An event is counted in the step that stores it; an older gateway
-- beside this one does not count.
CREATE TABLE event_hours (
    hour   BIGINT NOT NULL,
    kind   TEXT COLLATE "C" NOT NULL,
    result TEXT COLLATE "C" NOT NULL,
    count  BIGINT NOT NULL,
    PRIMARY KEY (hour, kind, result)
);
INSERT INTO event_hours (hour, kind, result, count)
    SELECT at - at % 3600000000, kind, result, COUNT(*) FROM audit GROUP BY at - at % 3600000000, kind, result;

-- The most sessions that were seen open at once in each hour.
CREATE TABLE session_hours (
    hour BIGINT NOT NULL PRIMARY KEY,
    open BIGINT NOT NULL
);

-- Who waits for approval: few of many.
CREATE INDEX users_unapproved ON users (created, id) WHERE NOT approved;
