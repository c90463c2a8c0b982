-- +goose Up

-- Roles that linked identities give to an account besides those assigned, sorted, as JSON.
ALTER TABLE users ADD COLUMN given_roles TEXT NOT NULL DEFAULT '[]';
