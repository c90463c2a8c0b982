package pages

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// View is what a template gets: the page with all that is around it.
type View struct {
	Page
	Status    int
	Brand     BrandView
	Lang, Dir string // attributes of <html>
	Nonce     string // for <script nonce> and <style nonce>: nothing inline runs without
	Style     string // address of the style sheet
	Script    string // address of the script

	locale       *locale
	firstProblem string // input that gets the focus
}

// BrandView is the brand as pages show it.
type BrandView struct {
	Name string
	Logo string // address; empty: none
	Icon string // address of a small square mark
}

// T returns the translation of an id, its gaps filled by pairs of name and value. That the id exists is checked at the
// start for every id that a template names.
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

// Say returns the sentence of a message: that of the id with the reason or field it names, or with the page it is
// on; of the id alone; and if none is translated (a code of a later version, or of another plugin's method) that of
// the page's status.
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

// minLength is the least length of a password, where the page has a form that sets one.
func (v *View) minLength() int {
	if d, ok := v.Data.(interface{ minLength() int }); ok {
		return d.minLength()
	}
	return 0
}

// statusText returns "status_<status>", or that of the status's class.
func (v *View) statusText(suffix string) string {
	for _, id := range []string{"status_" + strconv.Itoa(v.Status), "status_" + strconv.Itoa(v.Status/100) + "xx"} {
		if s, ok := v.locale.say(id+suffix, nil); ok {
			return s
		}
	}
	return v.T("status_5xx" + suffix)
}

// ErrorTitle is the heading of an error page.
func (v *View) ErrorTitle() string { return v.statusText("_title") }

// ErrorText is the sentence of an error page: "error_<code>" where a page of its own says other things than a form,
// else "problem_<code>", else that of the status.
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

// label returns the translation of id, else the bare name made readable: "cost_centre" is "Cost centre".
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

// MethodLabel names a way to sign in.
func (v *View) MethodLabel(m Method) string {
	if m.Label != "" {
		return m.Label
	}
	return v.label("method_"+m.Kind, m.Name)
}

// Forms returns the methods that the page's own form serves, Elsewhere those that begin at another address.
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

// Who is the name that a person is greeted by.
func (v *View) Who(u User) string {
	for _, s := range []string{u.Name, u.Email, u.Username} {
		if s != "" {
			return s
		}
	}
	return u.ID
}

// Device names the browser of a session.
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

// Moment is a time for <time>: ISO is for the script, which writes it in the reader's time zone, Text for browsers
// without scripts.
type Moment struct {
	ISO, Text string
	Day       bool // the day alone matters
}

// Time returns a moment, nil for the zero time. The layouts are translations: Go's reference time as people write it.
func (v *View) Time(t time.Time) *Moment { return v.moment(t, "format_time", false) }

// Day returns a moment of which the day alone matters.
func (v *View) Day(t time.Time) *Moment { return v.moment(t, "format_day", true) }

func (v *View) moment(t time.Time, layout string, day bool) *Moment {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &Moment{ISO: t.Format(time.RFC3339), Text: t.Format(v.T(layout)), Day: day}
}

// Link returns an address for a link: of this host, or one that begins with http:// or https://. Anything else is
// empty.
func (v *View) Link(s string) string { return link(s) }

// Local returns an address of this host; anything else is empty.
func (v *View) Local(s string) string { return local(s) }
