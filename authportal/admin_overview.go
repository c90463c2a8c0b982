package authportal

import (
	"net/http"
	"net/url"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
)

// overviewRoutes open the pages of administrators.
func (p *Portal) overviewRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/admin", do: (*call).overviewPage},
		{method: http.MethodGet, path: "/api/v1/admin/overview", do: (*call).overviewAPI},
		{method: http.MethodGet, path: "/admin/roles", do: (*call).rolesPage},
		{method: http.MethodGet, path: "/api/v1/admin/roles", do: (*call).rolesAPI},
	}
}

func (c *call) overviewPage() error {
	if _, err := c.mustAdminister(anySession); err != nil {
		return err
	}
	// The list of accounts was here once: what leads to one still does.
	kept := url.Values{}
	for name, values := range c.r.URL.Query() {
		switch name {
		case "query", "role", "sort", "after", "enabled", "approved", "state":
			kept[name] = values
		}
	}
	if len(kept) > 0 {
		return c.redirect(c.link("/admin/users?" + kept.Encode()))
	}
	data, err := c.p.overview(c.ctx())
	if err != nil {
		return err
	}
	return c.page(http.StatusOK, pages.Page{Name: pages.AdminOverview,
		Data: pages.AdminOverviewData{Attention: alertsOfPage(data.Alerts),
			Open: data.Open, Hours: statisticsOfPage(data.Hours), Days: statisticsOfPage(data.Days)}})
}

// alertLinks are the pages, below the base, that mind an alert.
var alertLinks = map[string]string{
	"approvals":         "/admin/users?approved=false&enabled=true",
	"setup_open":        "/admin/roles",
	"one_administrator": "/admin/users?role=" + administratorRole,
}

func alertsOfPage(list []Alert) (out []pages.Attention) {
	for _, a := range list {
		shown := pages.Attention{Kind: a.Kind, Count: a.Count, Since: a.Since, Detail: a.Detail,
			Link: alertLinks[a.Kind], Hint: a.Hint}
		for _, u := range a.Accounts {
			shown.Accounts = append(shown.Accounts, pages.User{ID: u.ID, Username: u.Username})
		}
		out = append(out, shown)
	}
	return out
}

func statisticsOfPage(list []Statistic) (out []pages.Figure) {
	for _, f := range list {
		out = append(out, pages.Figure(f))
	}
	return out
}

// overviewAPI answers GET admin/overview: the statistics of the page.
func (c *call) overviewAPI() error {
	if _, err := c.mustAdminister(anySession); err != nil {
		return err
	}
	d, err := c.p.overview(c.ctx())
	if err != nil {
		return err
	}
	alerts := make([]map[string]any, 0, len(d.Alerts))
	for i := range d.Alerts {
		alerts = append(alerts, alertJSON(&d.Alerts[i]))
	}
	return c.json(http.StatusOK, map[string]any{"attention": alerts, "sessions": known(d.Open),
		"hours": statisticsJSON(d.Hours),
		"days":  statisticsJSON(d.Days)})
}

func alertJSON(a *Alert) map[string]any {
	out := map[string]any{"kind": a.Kind, "hint": a.Hint}
	if a.Count > 0 {
		out["count"] = a.Count
	}
	if !a.Since.IsZero() {
		out["since"] = a.Since.UTC().Format(time.RFC3339)
	}
	if a.Detail != "" {
		out["detail"] = a.Detail
	}
	if len(a.Accounts) > 0 {
		list := make([]map[string]string, 0, len(a.Accounts))
		for _, u := range a.Accounts {
			list = append(list, map[string]string{"id": u.ID, "username": u.Username})
		}
		out["accounts"] = list
	}
	return out
}

func statisticsJSON(list []Statistic) []map[string]any {
	out := make([]map[string]any, 0, len(list))
	for _, f := range list {
		out = append(out, map[string]any{"start": f.Start.Format(time.RFC3339), "sign_ins": f.SignIns,
			"refusals": f.Refused,
			"sign_ups": f.SignUps, "sessions": known(f.Sessions)})
	}
	return out
}

// known is a number that may not be known: null then.
func known(n int) any {
	if n < 0 {
		return nil
	}
	return n
}
