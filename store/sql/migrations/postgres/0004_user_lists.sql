-- +goose Up

-- The orders that lists of accounts can be read in.
CREATE INDEX users_by_username ON users (username, id);
CREATE INDEX users_by_email ON users (email, id);
CREATE INDEX users_by_name ON users (LOWER(name), id);
CREATE INDEX users_by_last_sign_in ON users (last_sign_in, id);
