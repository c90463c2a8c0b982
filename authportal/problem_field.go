package authportal

import "github.com/gatehouse-auth/gatehouse/authportal/api"

// invalidField is the problem of a value that a field cannot have.
func invalidField(field, why string) *Problem { return api.InvalidField(field, why) }

// bounded cuts s at n bytes, at the start of a character, and drops what is not text.
func bounded(s string, n int) string { return api.Bounded(s, n) }
