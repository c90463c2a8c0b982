package pages

import (
	"slices"
	"strings"
	"time"
)

// AuditData fills AdminAudit: the audit trail, newest first.
type AuditData struct {
	Events []AuditRow

	Whom, Who, Kind, Result, Address, Since, Until string // filters, as they were typed

	Kinds                               []string // all kinds
	FirstURL, NextURL, CSVURL, LinesURL string   // NextURL empty: last page
	Later                               bool     // not the first page
}

// AuditRow is one event.
type AuditRow struct {
	Time                                        time.Time
	Kind, Result, Reason, Method, Address, Host string

	Whom, WhomID string // account that it is about, with its name at that time; empty: none
	By, ByID     string // actor, if another; ByID empty: not an account, such as the command line
}

// Option is one choice of a <select>.
type Option struct {
	Value, Label string
	Chosen       bool
}

// AuditKinds returns the choices of the filter by kind, "" first.
func (v *View) AuditKinds() []Option {
	d, _ := v.Data.(AuditData)
	return v.options(d.Kinds, d.Kind, v.EventName)
}

// AuditResults returns the choices of the filter by result, "" first.
func (v *View) AuditResults() []Option {
	d, _ := v.Data.(AuditData)
	return v.options([]string{"ok", "refused", "failed"}, d.Result, v.ResultName)
}

func (v *View) options(values []string, chosen string, name func(string) string) []Option {
	list := []Option{{Label: v.T("audit_any"), Chosen: chosen == ""}}
	if chosen != "" && !slices.Contains(values, chosen) {
		values = append(slices.Clone(values), chosen)
	}
	for _, s := range values {
		list = append(list, Option{s, name(s), s == chosen})
	}
	return list
}

// EventName returns the name of a kind of event. A kind of a later version is shown as it is, made readable.
func (v *View) EventName(kind string) string { return v.label("event_"+kind, kind) }

// ResultName returns the name of a result.
func (v *View) ResultName(result string) string { return v.label("result_"+result, result) }

// ReasonText returns the reason of an event: translated, if there is a translation; word by word, if it is a list of
// fields; otherwise as it is in the audit trail.
func (v *View) ReasonText(reason string) string {
	id := strings.NewReplacer(" ", "_", ",", "", ":", "", "'", "").Replace(reason)
	if s, ok := v.locale.say("reason_"+id, nil); ok {
		return s
	}
	words := strings.Fields(reason)
	for i, word := range words {
		s, ok := v.locale.say("reason_"+word, nil)
		if !ok {
			return reason
		}
		words[i] = s
	}
	return strings.Join(words, ", ")
}

// ActorName returns the name of the actor of an event.
func (v *View) ActorName(by string) string {
	if by == "command line" {
		return v.T("audit_command_line")
	}
	return by
}

// MethodName returns the name of a sign-in method by its name in the audit trail.
func (v *View) MethodName(name string) string { return v.label("method_"+name, name) }
