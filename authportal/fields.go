package authportal

import (
	"encoding/json"
	"slices"
)

// What people send of an account comes as fields of text, the same in both faces. A field that an action does not know
// is refused rather than passed over: whoever sends `roles` or `enabled` must not believe that it took effect, and nothing
// that is added to accounts later can be assigned by accident.

// jsonFields reads the JSON body as fields. null is as good as absent.
func (c *call) jsonFields(allowed ...string) (map[string]string, error) {
	raw := map[string]json.RawMessage{}
	if err := c.decode(&raw); err != nil {
		return nil, err
	}
	fields := map[string]string{}
	for name, value := range raw {
		if !slices.Contains(allowed, name) {
			return nil, unknownField(name)
		}
		var s *string
		if json.Unmarshal(value, &s) != nil {
			return nil, invalidField(name, "must be text")
		}
		if s != nil {
			fields[name] = *s
		}
	}
	return fields, nil
}

// jsonInto reads the JSON body into the fields that the action knows, each of its own type, and returns the names of those sent.
func (c *call) jsonInto(fields map[string]any) (sent []string, err error) {
	raw := map[string]json.RawMessage{}
	if err := c.decode(&raw); err != nil {
		return nil, err
	}
	for name, value := range raw {
		dst, known := fields[name]
		if !known {
			return nil, unknownField(name)
		}
		if json.Unmarshal(value, dst) != nil {
			return nil, invalidField(name, "is of the wrong type")
		}
		sent = append(sent, name)
	}
	return sent, nil
}

// formFields reads a posted form as fields. One that is there twice says nothing.
func (c *call) formFields(allowed ...string) (map[string]string, error) {
	if err := c.form(); err != nil {
		return nil, err
	}
	fields := map[string]string{}
	for name, values := range c.r.PostForm {
		if !slices.Contains(allowed, name) {
			return nil, unknownField(name)
		}
		if len(values) != 1 {
			return nil, invalidField(name, "is there more than once")
		}
		fields[name] = values[0]
	}
	return fields, nil
}

func unknownField(name string) *Problem {
	// What was sent is repeated to a program only, as JSON, and cut.
	return (&Problem{Status: 422, Code: "invalid_field", Detail: "there is no such field here, or it is not yours to set"}).
		With("field", bounded(name, 64))
}

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

// choosesUsername tells whether people choose their username at sign-up.
func (p *Portal) choosesUsername() bool {
	return slices.ContainsFunc(p.set.Signup.Fields, func(f SignupField) bool { return f.Name == "username" })
}

// readOwnFields returns the operator's fields among those sent, as attributes; an empty one is nil, so that it is removed
// or never stored. all: those that were not sent count as empty.
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
