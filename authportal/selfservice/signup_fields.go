package selfservice

import (
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
)

// readOwnFields returns the operator's fields among those sent, as attributes; an empty one is nil, so that it is
// removed or never stored. all: those that were not sent count as empty.
func (s *rules) readOwnFields(sent map[string]string, all bool) (map[string]any, error) {
	attributes := map[string]any{}
	for _, f := range s.set.Signup.Fields {
		value, given := sent[f.Name]
		if !given && !all {
			continue
		}
		value, why := accounts.Line(value, accounts.MaxAttributeValue)
		if why == "" && value == "" && f.Required {
			why = "is missing"
		}
		switch {
		case why != "":
			return nil, &accounts.InvalidError{Field: f.Name, Why: why}
		case f.Name == "username":
		case value == "":
			attributes[f.Name] = nil
		default:
			attributes[f.Name] = value
		}
	}
	return attributes, nil
}

// domainAllowed reports whether addresses of that domain may sign up.
func (s *rules) domainAllowed(email string) bool {
	_, domain, _ := strings.Cut(email, "@")
	d := s.set.Signup.Domains
	return len(d) == 0 || slices.Contains(d, domain)
}
