package admin

import (
	"net/http"
	"net/url"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// overviewRoutes returns the overview and the roles, as pages and API.
func (s *facts) overviewRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/admin", Do: s.overviewPage},
		{Method: http.MethodGet, Path: "/api/v1/admin/overview", Do: s.overviewAPI},
		{Method: http.MethodGet, Path: "/admin/roles", Do: s.rolesPage},
		{Method: http.MethodGet, Path: "/api/v1/admin/roles", Do: s.rolesAPI},
	}
}

func (s *facts) overviewPage(c *web.Call) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	// The list of accounts had this address in earlier versions: old links still lead to it.
	kept := url.Values{}
	for name, values := range c.Request.URL.Query() {
		switch name {
		case "query", "role", "sort", "after", "enabled", "approved", "state":
			kept[name] = values
		}
	}
	if len(kept) > 0 {
		return c.Redirect(c.Link("/admin/users?" + kept.Encode()))
	}
	data, err := s.overview(c.Ctx())
	if err != nil {
		return err
	}
	return c.Page(http.StatusOK, pages.Page{Name: pages.AdminOverview,
		Data: pages.AdminOverviewData{Attention: alertsOfPage(data.Alerts),
			Open: data.Open, Hours: statisticsOfPage(data.Hours), Days: statisticsOfPage(data.Days)}})
}

// alertLinks are the pages, below the base, where an alert is dealt with.
var alertLinks = map[string]string{
	"approvals":         "/admin/users?approved=false&enabled=true",
	"setup_open":        "/admin/roles",
	"one_administrator": "/admin/users?role=" + accounts.AdministratorRole,
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

// overviewAPI answers GET admin/overview with the content of the page.
func (s *facts) overviewAPI(c *web.Call) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	d, err := s.overview(c.Ctx())
	if err != nil {
		return err
	}
	alerts := make([]map[string]any, 0, len(d.Alerts))
	for i := range d.Alerts {
		alerts = append(alerts, alertJSON(&d.Alerts[i]))
	}
	return c.JSON(http.StatusOK, map[string]any{"attention": alerts, "sessions": known(d.Open),
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

// known returns a count for JSON; null if it is unknown.
func known(n int) any {
	if n < 0 {
		return nil
	}
	return n
}
