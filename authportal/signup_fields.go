package authportal

import (
	"slices"
	"strings"
)

// ownFields names the fields that the operator added and that people fill in about themselves.
func (p *Portal) ownFields() []string {
	var names []string
	for _, f := range p.set.Signup.Fields {
		if f.Name != "username" {
			names = append(names, f.Name)
		}
	}
	return names
}

// choosesUsername reports whether people choose their username at sign-up.
func (p *Portal) choosesUsername() bool {
	return slices.ContainsFunc(p.set.Signup.Fields, func(f SignupField) bool { return f.Name == "username" })
}

// readOwnFields returns the operator's fields among those sent, as attributes; an empty one is nil, so that it is
// removed or never stored. all: those that were not sent count as empty.
func (p *Portal) readOwnFields(sent map[string]string, all bool) (map[string]any, error) {
	attributes := map[string]any{}
	for _, f := range p.set.Signup.Fields {
		value, given := sent[f.Name]
		if !given && !all {
			continue
		}
		value, why := line(value, maxAttributeValue)
		if why == "" && value == "" && f.Required {
			why = "is missing"
		}
		switch {
		case why != "":
			return nil, &InvalidError{Field: f.Name, Why: why}
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
func (p *Portal) domainAllowed(email string) bool {
	_, domain, _ := strings.Cut(email, "@")
	d := p.set.Signup.Domains
	return len(d) == 0 || slices.Contains(d, domain)
}
