package pages

import (
	"slices"
	"strings"
	"time"
)

// AuditData fills AdminAudit: what happened, newest first.
type AuditData struct {
	Events []AuditRow

	Whom, Who, Kind, Result, Address, Since, Until string // what was looked for, as it was typed

	Kinds                               []string // that there are
	FirstURL, NextURL, CSVURL, LinesURL string   // NextURL empty: there is no more
	Later                               bool     // this is not the first page
}

// AuditRow is one event.
type AuditRow struct {
	Time                                        time.Time
	Kind, Result, Reason, Method, Address, Host string

	Whom, WhomID string // whom it is about, as they were called then; empty: no account
	By, ByID     string // who did it, if that is another; ByID empty: no account, such as the command line
}

// Option is one choice of a <select>.
type Option struct {
	Value, Label string
	Chosen       bool
}

// AuditKinds and AuditResults are the choices of the filters, "" first.
func (v *View) AuditKinds() []Option {
	d, _ := v.Data.(AuditData)
	return v.options(d.Kinds, d.Kind, v.EventName)
}

// AuditResults returns them.
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

// EventName says what a kind of event is called; one of a later version is its bare name made readable.
func (v *View) EventName(kind string) string { return v.label("event_"+kind, kind) }

// ResultName says how an event ended.
func (v *View) ResultName(result string) string { return v.label("result_"+result, result) }

// ReasonText says why, or what: in the reader's language if it is translated, word by word if it is a list of fields,
// else as it is in the trail.
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

// ActorName names who did it.
func (v *View) ActorName(by string) string {
	if by == "command line" {
		return v.T("audit_command_line")
	}
	return by
}

// MethodName names a sign-in method by its name in the trail.
func (v *View) MethodName(name string) string { return v.label("method_"+name, name) }
