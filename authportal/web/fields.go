package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// Fields of an account are sent as text, in forms and in JSON alike. Unknown fields are refused, not ignored: a client
// that sends `roles` or `enabled` must not believe that it took effect, and a field that is added to accounts later
// cannot be assigned by accident (mass assignment).

// Object is the JSON object of a request, by member.
type Object map[string]json.RawMessage

// JSONObject reads the JSON body.
func (c *Call) JSONObject() (Object, error) {
	o := Object{}
	return o, c.Decode(&o)
}

// JSON returns a member as it was sent, or nil if it was not. A WebAuthn response, for example, is an object of its own
// that only its method can read.
func (o Object) JSON(name string) json.RawMessage { return o[name] }

// Text returns a text member. It is empty if it was not sent or is null; ok is false if it is not text.
func (o Object) Text(name string) (text string, ok bool) {
	raw, sent := o[name]
	return text, !sent || json.Unmarshal(raw, &text) == nil
}

// Read decodes the members that dst names, each into its pointer, and returns the names of those that were sent. It
// ignores other members. refuse returns the error for a member of the wrong type.
func (o Object) Read(dst map[string]any, refuse func(name string) error) (sent []string, err error) {
	for name, value := range o {
		into, known := dst[name]
		if !known {
			continue
		}
		if json.Unmarshal(value, into) != nil {
			return nil, refuse(name)
		}
		sent = append(sent, name)
	}
	return sent, nil
}

// refuseUnknown returns a problem if there is an unknown member.
func (o Object) refuseUnknown(known func(name string) bool) error {
	for name := range o {
		if !known(name) {
			return UnknownField(name)
		}
	}
	return nil
}

// JSONFields reads the JSON body as text fields. A field that is null counts as absent.
func (c *Call) JSONFields(allowed ...string) (map[string]string, error) {
	o, err := c.JSONObject()
	if err != nil {
		return nil, err
	}
	if err := o.refuseUnknown(func(name string) bool { return slices.Contains(allowed, name) }); err != nil {
		return nil, err
	}
	fields := map[string]string{}
	for name, value := range o {
		text, ok := o.Text(name)
		if !ok {
			return nil, problem.InvalidField(name, "must be text")
		}
		if string(value) != "null" {
			fields[name] = text
		}
	}
	return fields, nil
}

// JSONInto decodes the members of the JSON body, each into its pointer, and returns the names of those that were sent.
// It refuses other members.
func (c *Call) JSONInto(fields map[string]any) (sent []string, err error) {
	o, err := c.JSONObject()
	if err != nil {
		return nil, err
	}
	if err := o.refuseUnknown(func(name string) bool { return fields[name] != nil }); err != nil {
		return nil, err
	}
	return o.Read(fields, func(name string) error { return problem.InvalidField(name, "is of the wrong type") })
}

// FormFields reads a posted form as text fields. It refuses unknown and repeated fields.
func (c *Call) FormFields(allowed ...string) (map[string]string, error) {
	if err := c.Form(); err != nil {
		return nil, err
	}
	fields := map[string]string{}
	for name, values := range c.Request.PostForm {
		if !slices.Contains(allowed, name) {
			return nil, UnknownField(name)
		}
		if len(values) != 1 {
			return nil, problem.InvalidField(name, "is there more than once")
		}
		fields[name] = values[0]
	}
	return fields, nil
}

// UnknownField returns the problem of a field that does not exist or that the caller may not set. It repeats the name,
// truncated, as JSON only.
func UnknownField(name string) *problem.Problem {
	p := &problem.Problem{Status: http.StatusUnprocessableEntity, Code: "invalid_field",
		Detail: "there is no such field here, or it is not yours to set"}
	return p.With("field", problem.Bounded(name, 64))
}

// ReadTime parses a time as programs and forms send it: RFC 3339, or a date.
func ReadTime(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.Parse(time.DateOnly, s)
}

// StatusSent is the response to a request for a message, whether or not one is sent.
const StatusSent = "sent"
