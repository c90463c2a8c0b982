-- +goose Up

-- The orders that lists of accounts can be read in.
CREATE INDEX users_by_username ON users (username, id);
CREATE INDEX users_by_email ON users (email, id);
CREATE INDEX users_by_name ON users (LOWER(name), id);
CREATE INDEX users_by_last_sign_in ON users (last_sign_in, id);

-- Parts of address, username and name, found by their groups of three characters. An account's number is its row there:
-- the rowids of users themselves may change with VACUUM. Triggers keep it, so that an older gateway on this file does too.
CREATE TABLE user_numbers (
    n       INTEGER NOT NULL PRIMARY KEY,
    user_id TEXT    NOT NULL UNIQUE
) STRICT;
CREATE VIRTUAL TABLE user_texts USING fts5 (search, content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1');

INSERT INTO user_numbers (user_id) SELECT id FROM users;
INSERT INTO user_texts (rowid, search) SELECT m.n, u.search FROM user_numbers m JOIN users u ON u.id = m.user_id;

-- +goose StatementBegin
CREATE TRIGGER user_texts_insert AFTER INSERT ON users BEGIN
    INSERT INTO user_numbers (user_id) VALUES (new.id);
    INSERT INTO user_texts (rowid, search) SELECT n, new.search FROM user_numbers WHERE user_id = new.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER user_texts_update AFTER UPDATE OF search ON users WHEN old.search <> new.search BEGIN
    DELETE FROM user_texts WHERE rowid = (SELECT n FROM user_numbers WHERE user_id = old.id);
    INSERT INTO user_texts (rowid, search) SELECT n, new.search FROM user_numbers WHERE user_id = new.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER user_texts_delete AFTER DELETE ON users BEGIN
    DELETE FROM user_texts WHERE rowid = (SELECT n FROM user_numbers WHERE user_id = old.id);
    DELETE FROM user_numbers WHERE user_id = old.id;
END;
-- +goose StatementEnd
