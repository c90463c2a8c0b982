package web

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// What people send of an account comes as fields of text, the same in both faces. A field that an action does not know
// is refused rather than passed over: whoever sends `roles` or `enabled` must not believe that it took effect, and
// nothing that is added to accounts later can be assigned by accident.

// Object is the JSON object that came with a request, by its members.
type Object map[string]json.RawMessage

// JSONObject reads the JSON body.
func (c *Call) JSONObject() (Object, error) {
	o := Object{}
	return o, c.Decode(&o)
}

// JSON returns a member as it was sent; nil where it was not. What a browser's own interface makes of a passkey is an
// object within the object, and is read by whoever knows it.
func (o Object) JSON(name string) json.RawMessage { return o[name] }

// Text returns a member that is text, empty where it was not sent or is null; !ok: it is something else.
func (o Object) Text(name string) (text string, ok bool) {
	raw, sent := o[name]
	return text, !sent || json.Unmarshal(raw, &text) == nil
}

// Read puts the members that dst names into their places, each of its own type, and returns the names of those sent.
// What is wrong with a member is for refuse to say; a member that dst does not name is left alone.
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

// only refuses members of other names.
func (o Object) only(known func(name string) bool) error {
	for name := range o {
		if !known(name) {
			return UnknownField(name)
		}
	}
	return nil
}

// JSONFields reads the JSON body as fields. null is as good as absent.
func (c *Call) JSONFields(allowed ...string) (map[string]string, error) {
	o, err := c.JSONObject()
	if err != nil {
		return nil, err
	}
	if err := o.only(func(name string) bool { return slices.Contains(allowed, name) }); err != nil {
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

// JSONInto reads the JSON body into the fields that the action knows, each of its own type, and returns the names of
// those sent.
func (c *Call) JSONInto(fields map[string]any) (sent []string, err error) {
	o, err := c.JSONObject()
	if err != nil {
		return nil, err
	}
	if err := o.only(func(name string) bool { return fields[name] != nil }); err != nil {
		return nil, err
	}
	return o.Read(fields, func(name string) error { return problem.InvalidField(name, "is of the wrong type") })
}

// FormFields reads a posted form as fields. One that is there twice says nothing.
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

func UnknownField(name string) *problem.Problem {
	// What was sent is repeated to a program only, as JSON, and cut.
	return (&problem.Problem{Status: 422, Code: "invalid_field", Detail: "there is no such field here, or it is not yours to set"}).
		With("field", problem.Bounded(name, 64))
}

// ReadTime reads a time as programs and forms send it: RFC 3339, or a date.
func ReadTime(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.Parse(time.DateOnly, s)
}

// StatusSent answers where a message was asked for, whether one was sent or not.
const StatusSent = "sent"
