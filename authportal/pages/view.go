package pages

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// View is what a template gets: the page, the brand and the language.
type View struct {
	Page
	Status    int
	Brand     BrandView
	Lang, Dir string // attributes of <html>
	Nonce     string // for <script nonce> and <style nonce>; the policy blocks anything inline without it
	Style     string // URL of the style sheet
	Script    string // URL of the script

	locale       *locale
	firstProblem string // id of the input that gets the focus
}

// BrandView is the brand as templates get it.
type BrandView struct {
	Name string
	Logo string // address; empty: none
	Icon string // address of a small square mark
}

// T returns the translation of an id, with its gaps filled from pairs of name and value. Ids in templates are checked
// at the start.
func (v *View) T(id string, pairs ...any) string {
	args := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return v.text(id, args)
}

func (v *View) text(id string, args map[string]any) string {
	s, ok := v.locale.say(id, args)
	if !ok {
		return id
	}
	return s
}

// Say returns the sentence of a message. It looks for the id with the reason, the field or the page, then for the id
// alone. If there is no translation (a code of a later version, or of a plugin), it returns the sentence of the page's
// status.
func (v *View) Say(m *Message) string {
	if m == nil {
		return ""
	}
	args := map[string]any{"minutes": 1, "min": v.minLength()}
	for k, a := range m.Args {
		args[k] = a
	}
	reason, _ := m.Args["reason"].(string)
	field, _ := m.Args["field"].(string)
	for _, id := range []string{m.ID + "_" + reason, m.ID + "_" + field, m.ID + "_" + v.Name, m.ID} {
		if s, ok := v.locale.say(id, args); ok {
			return s
		}
	}
	if strings.HasPrefix(m.ID, "done_") {
		return v.T("done")
	}
	return v.statusText("")
}

// minLength returns the minimum length of a password, if the page has a form that sets one.
func (v *View) minLength() int {
	if d, ok := v.Data.(interface{ minLength() int }); ok {
		return d.minLength()
	}
	return 0
}

// statusText returns the translation of "status_<status>", or of the status class.
func (v *View) statusText(suffix string) string {
	for _, id := range []string{"status_" + strconv.Itoa(v.Status), "status_" + strconv.Itoa(v.Status/100) + "xx"} {
		if s, ok := v.locale.say(id+suffix, nil); ok {
			return s
		}
	}
	return v.T("status_5xx" + suffix)
}

// ErrorTitle returns the heading of an error page.
func (v *View) ErrorTitle() string { return v.statusText("_title") }

// ErrorText returns the sentence of an error page: "error_<code>" if a page must say something else than a form,
// otherwise "problem_<code>", otherwise that of the status.
func (v *View) ErrorText() string {
	d, ok := v.Data.(ErrorData)
	if ok {
		for _, id := range []string{"error_" + d.Code, "problem_" + d.Code} {
			if s, ok := v.locale.say(id, map[string]any{"minutes": 1}); ok {
				return s
			}
		}
	}
	return v.statusText("")
}

// label returns the translation of id, or else the name made readable: "cost_centre" becomes "Cost centre".
func (v *View) label(id, name string) string {
	if s, ok := v.locale.say(id, nil); ok {
		return s
	}
	s := strings.NewReplacer("_", " ", "-", " ").Replace(name)
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// MethodLabel returns the name of a sign-in method.
func (v *View) MethodLabel(m Method) string {
	if m.Label != "" {
		return m.Label
	}
	return v.label("method_"+m.Kind, m.Name)
}

// Forms returns the methods that the page's form serves; Elsewhere returns those that begin at another URL.
func (v *View) Forms(methods []Method) []Method     { return withURL(methods, false) }
func (v *View) Elsewhere(methods []Method) []Method { return withURL(methods, true) }

func withURL(methods []Method, has bool) (out []Method) {
	for _, m := range methods {
		if (m.URL != "") == has {
			out = append(out, m)
		}
	}
	return out
}

// Who returns the name by which the page addresses a user.
func (v *View) Who(u User) string {
	for _, s := range []string{u.Name, u.Email, u.Username} {
		if s != "" {
			return s
		}
	}
	return u.ID
}

// Device returns the name of a session's browser.
func (v *View) Device(userAgent string) string {
	switch browser, system := device(userAgent); {
	case browser != "" && system != "":
		return v.T("device_browser_on_system", "browser", browser, "system", system)
	case browser != "":
		return browser
	case system != "":
		return system
	}
	return v.T("device_unknown")
}

// Moment is a time for <time>: ISO is for the script, which shows it in the user's time zone; Text is for browsers
// without scripts.
type Moment struct {
	ISO, Text string
	Day       bool // only the day matters
}

// Time returns a moment, or nil for the zero time. The layouts are translations of Go's reference time.
func (v *View) Time(t time.Time) *Moment { return v.moment(t, "format_time", false) }

// Day returns a moment of which only the day matters.
func (v *View) Day(t time.Time) *Moment { return v.moment(t, "format_day", true) }

func (v *View) moment(t time.Time, layout string, day bool) *Moment {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &Moment{ISO: t.Format(time.RFC3339), Text: t.Format(v.T(layout)), Day: day}
}

// Link returns a URL for a link: a path of this host, or one that begins with http:// or https://. Anything else is
// empty.
func (v *View) Link(s string) string { return link(s) }

// Local returns a path of this host; anything else is empty.
func (v *View) Local(s string) string { return local(s) }
