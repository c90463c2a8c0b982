package pages

import (
	"fmt"
	"time"
)

// AdminOverviewData fills AdminOverview, the first page of administrators.
type AdminOverviewData struct {
	Attention []Attention // alerts, most urgent first
	Open      int         // open sessions; -1: unknown
	Hours     []Figure    // the last 24, oldest first; empty: no statistics
	Days      []Figure    // the last 30, in UTC
}

// Attention is an alert for administrators.
type Attention struct {
	// Kind is "approvals", "throttled", "mail", "setup_open", "one_administrator", "session_feed" or "session_store".
	Kind     string
	Count    int
	Since    time.Time // zero: unknown
	Detail   string    // such as a server's reply; may be empty
	Accounts []User    // accounts that it is about
	Link     string    // page that resolves it, below the base; empty: none
	Hint     bool      // a hint, not a problem
}

// Figure holds the statistics of an hour or a day.
type Figure struct {
	Start                     time.Time
	SignIns, Refused, SignUps int
	Sessions                  int // maximum number of open sessions; -1: not recorded
}

// attentions are the translations of alerts.
var attentions = map[string]string{
	"approvals":         "attention_approvals",
	"throttled":         "attention_throttled",
	"mail":              "attention_mail",
	"setup_open":        "attention_setup_open",
	"one_administrator": "attention_one_administrator",
	"session_feed":      "attention_session_feed",
	"session_store":     "attention_session_store",
}

// Attend returns the sentence of an alert.
func (v *View) Attend(a Attention) string {
	if id := attentions[a.Kind]; id != "" {
		return v.T(id, "count", a.Count)
	}
	return a.Kind
}

// NavView is an entry in the navigation of the administrators' pages.
type NavView struct {
	Path    string // below the base
	Label   string
	Current string // aria-current: "page": this page; "true": a page below it; otherwise empty
}

// Nav returns the navigation of the administrators' pages.
func (v *View) Nav() []NavView {
	return []NavView{
		{Path: "/admin", Label: v.T("admin_nav_overview"), Current: v.current(AdminOverview, "")},
		{Path: "/admin/users", Label: v.T("admin_nav_users"), Current: v.current(Admin, AdminUser)},
		{Path: "/admin/columns", Label: v.T("columns_title"), Current: v.current(Columns, "")},
		{Path: "/admin/roles", Label: v.T("admin_nav_roles"), Current: v.current(AdminRoles, "")},
		{Path: "/admin/audit", Label: v.T("audit_title"), Current: v.current(AdminAudit, "")},
	}
}

func (v *View) current(page, below string) string {
	switch v.Name {
	case page:
		return "page"
	case below:
		return "true"
	}
	return ""
}

// ChartView is a small bar chart over time, with a description.
type ChartView struct {
	ID, Title string
	Number    int    // sum of all bars, or the highest if a sum makes no sense
	Words     string // description for screen readers
	Width     int
	Bars      []BarView
}

// BarView is one bar of a chart, in the units of the chart.
type BarView struct {
	X, Y, Height int
	Words        string
}

// Dimensions of a chart: each bar takes chartStep and leaves part of it free.
const (
	chartHeight = 48
	chartStep   = 10
)

// Charts returns the charts of hours or days.
func (v *View) Charts(span string, figures []Figure) []ChartView {
	sum := "chart_sum_hours"
	if span == "days" {
		sum = "chart_sum_days"
	}
	return []ChartView{
		v.chart(span, "sign-ins", v.T("chart_sign_ins"), sum, figures, func(f Figure) int { return f.SignIns }),
		v.chart(span, "refused", v.T("chart_refused"), sum, figures, func(f Figure) int { return f.Refused }),
		v.chart(span, "sign-ups", v.T("chart_sign_ups"), sum, figures, func(f Figure) int { return f.SignUps }),
		v.chart(span, "sessions", v.T("chart_sessions"), "chart_peak", figures, func(f Figure) int { return f.Sessions }),
	}
}

func (v *View) chart(span, name, title, words string, figures []Figure, of func(Figure) int) ChartView {
	c := ChartView{ID: span + "-" + name, Title: title, Width: len(figures) * chartStep}
	total, most := 0, 0
	for _, f := range figures {
		total += max(0, of(f))
		most = max(most, of(f))
	}
	c.Number = total
	if words == "chart_peak" {
		c.Number = most
	}
	c.Words = v.T(words, "total", total, "most", most)
	for i, f := range figures {
		n := of(f)
		if n < 0 {
			continue
		}
		b := BarView{X: i*chartStep + 1, Height: barHeight(n, most)}
		b.Y = chartHeight - b.Height
		at := v.Time(f.Start)
		if span == "days" {
			at = v.Day(f.Start)
		}
		if at != nil {
			b.Words = fmt.Sprintf("%s: %d", at.Text, n)
		}
		c.Bars = append(c.Bars, b)
	}
	return c
}

// barHeight returns the height of a bar, at least 2 for a value other than zero, so that it is visible.
func barHeight(n, most int) int {
	if n == 0 {
		return 0
	}
	return max(2, n*(chartHeight-2)/most)
}

// Moment returns the start of a figure, for {{template "time"}}.
func (v *View) Moment(span string, f Figure) *Moment {
	if span == "days" {
		return v.Day(f.Start)
	}
	return v.Time(f.Start)
}

// RowsView is a table of figures.
type RowsView struct {
	*View
	Span    string
	Figures []Figure
}

// Rows returns a RowsView, for {{template "figures"}}.
func (v *View) Rows(span string, figures []Figure) RowsView { return RowsView{v, span, figures} }
