package selfservice

import (
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
)

// readOwnFields returns the values of the operator's sign-up fields as attributes. The value of an empty field is nil,
// which deletes the attribute. If all is set, a field that was not sent counts as empty.
func (s *rules) readOwnFields(sent map[string]string, all bool) (map[string]any, error) {
	attributes := map[string]any{}
	for _, f := range s.settings.Signup.Fields {
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

// domainAllowed reports whether an address has a domain that may sign up.
func (s *rules) domainAllowed(email string) bool {
	_, domain, _ := strings.Cut(email, "@")
	d := s.settings.Signup.Domains
	return len(d) == 0 || slices.Contains(d, domain)
}
