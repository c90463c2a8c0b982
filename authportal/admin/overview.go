package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/internal/loop"
	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	statisticHours = 24
	statisticDays  = 30

	ThrottledFor   = time.Hour        // how far back to look for throttled accounts
	throttledShown = 10               // of these accounts
	mailPatience   = 15 * time.Minute // a message that waits longer is late
	countPatience  = time.Second      // to count the open sessions while the page waits
	countedWaiting = 1000             // bounds the count of accounts that wait for approval
	FaultShown     = 300              // bytes of a mail server's reply
)

// overview gathers the overview. An unknown part is marked as such; only a failure of the users store is an error.
func (s *facts) overview(ctx context.Context) (d overview, err error) {
	now := s.now().UTC()
	var uncounted bool
	if d.Open, uncounted = s.openSessions(ctx); uncounted {
		d.Alerts = append(d.Alerts, Alert{Kind: "session_store"})
	}
	if s.watch != nil {
		d.Alerts = append(d.Alerts, s.watch()...)
	}
	for _, look := range []func(context.Context, time.Time) ([]Alert, error){
		s.administratorAlerts, s.mailAlerts, s.throttleAlerts, s.approvalAlerts,
	} {
		found, err := look(ctx, now)
		if err != nil {
			return d, err
		}
		d.Alerts = append(d.Alerts, found...)
	}
	slices.SortStableFunc(d.Alerts, func(a, b Alert) int {
		switch {
		case a.Hint == b.Hint:
			return 0
		case a.Hint:
			return 1
		}
		return -1
	})
	if s.statistics != nil {
		d.Hours, d.Days, err = s.countEvents(ctx, now)
	}
	return d, err
}

// openSessions counts active sessions; -1 if that is unknown, and failed if the store should know it.
func (s *facts) openSessions(ctx context.Context) (n int, failed bool) {
	counter, ok := s.sessions.(store.SessionCounter)
	if !ok {
		return -1, false
	}
	ctx, cancel := context.WithTimeout(ctx, countPatience)
	defer cancel()
	n, err := counter.CountSessions(ctx)
	if errors.Is(err, errors.ErrUnsupported) {
		return -1, false
	} else if err != nil {
		s.log.WarnContext(ctx, "counting open sessions failed", "error", err)
		return -1, true
	}
	return n, false
}

// countEvents returns the statistics of the last hours and days, including the present ones.
func (s *facts) countEvents(ctx context.Context, now time.Time) (hours, days []Statistic, err error) {
	hours, days = statistics(now, time.Hour, statisticHours), statistics(now, 24*time.Hour, statisticDays)
	events, err := s.statistics.EventHours(ctx, days[0].Start)
	if err != nil {
		return nil, nil, fmt.Errorf("counting events: %w", err)
	}
	sessions, err := s.statistics.SessionHours(ctx, days[0].Start)
	if err != nil {
		return nil, nil, fmt.Errorf("counting sessions: %w", err)
	}
	for _, f := range []struct {
		list []Statistic
		step time.Duration
	}{{hours, time.Hour}, {days, 24 * time.Hour}} {
		at := func(hour time.Time) *Statistic {
			i := int(hour.Sub(f.list[0].Start) / f.step)
			if hour.Before(f.list[0].Start) || i >= len(f.list) {
				return new(Statistic) // too old, or from a clock that is ahead
			}
			return &f.list[i]
		}
		for _, e := range events {
			switch in := at(e.Hour); {
			case e.Result == audit.ResultRefused:
				in.Refused += e.Count
			case e.Kind == audit.EventSignIn && e.Result == audit.ResultOK:
				in.SignIns += e.Count
			case e.Kind == audit.EventSignUp && e.Result == audit.ResultOK:
				in.SignUps += e.Count
			}
		}
		for _, hour := range sessions {
			in := at(hour.Hour)
			in.Sessions = max(in.Sessions, hour.Open)
		}
	}
	return hours, days, nil
}

// statistics returns the last n steps of time, empty.
func statistics(now time.Time, step time.Duration, n int) []Statistic {
	list := make([]Statistic, n)
	for i := range list {
		list[i] = Statistic{Start: now.Truncate(step).Add(time.Duration(i+1-n) * step), Sessions: -1}
	}
	return list
}

// mailAlerts reports messages that a mail server refused, and messages that have waited for too long.
func (s *facts) mailAlerts(ctx context.Context, now time.Time) ([]Alert, error) {
	if s.outbox == nil {
		return nil, nil
	}
	failing, err := s.outbox.FailingMail(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking at mail: %w", err)
	}
	if failing.Count > 0 {
		return []Alert{{Kind: "mail", Count: failing.Count, Since: failing.Oldest,
			Detail: problem.Bounded(failing.Fault, FaultShown)}}, nil
	}
	n, oldest, err := s.outbox.WaitingMail(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking at mail: %w", err)
	}
	if n > 0 && now.Sub(oldest) >= mailPatience {
		return []Alert{{Kind: "mail", Count: n, Since: oldest}}, nil
	}
	return nil, nil
}

// throttleAlerts reports the accounts whose sign-in was throttled. It reads the statistics, because asking a counter
// would count as an attempt.
func (s *facts) throttleAlerts(ctx context.Context, now time.Time) ([]Alert, error) {
	if s.statistics == nil {
		return nil, nil
	}
	list, err := s.statistics.EventUsers(ctx, audit.EventSignIn, audit.ResultRefused, problem.CodeTooMany,
		now.Add(-ThrottledFor), throttledShown)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	found := Alert{Kind: "throttled", Count: len(list)}
	for _, u := range list {
		found.Accounts = append(found.Accounts, AlertAccount{ID: u.UserID, Username: u.Username})
		if u.Last.After(found.Since) {
			found.Since = u.Last
		}
	}
	return []Alert{found}, nil
}

func (s *facts) approvalAlerts(ctx context.Context, _ time.Time) ([]Alert, error) {
	n, err := s.accounts.Count(ctx, store.UserQuery{Enabled: new(true), Approved: new(false)}, countedWaiting)
	if err != nil || n == 0 {
		return nil, err
	}
	return []Alert{{Kind: "approvals", Count: n}}, nil
}

// administratorAlerts warns if no administrator is left, or only one.
func (s *facts) administratorAlerts(ctx context.Context, _ time.Time) ([]Alert, error) {
	has, err := s.accounts.HasAdministrator(ctx)
	if err != nil {
		return nil, err
	}
	if !has && s.accounts.Passwords() != nil {
		return []Alert{{Kind: "setup_open"}}, nil
	}
	seen := map[string]bool{}
	for _, role := range s.administratorRoles() {
		list, err := s.accounts.List(ctx, store.UserQuery{Role: role, Enabled: new(true), Approved: new(true),
			Limit: 2})
		if err != nil {
			return nil, err
		}
		for _, u := range list {
			seen[u.ID] = true
		}
	}
	if len(seen) < 2 {
		return []Alert{{Kind: "one_administrator", Hint: true}}, nil
	}
	return nil, nil
}

// administratorRoles returns the roles that make an account an administrator.
func (s *facts) administratorRoles() []string {
	list := []string{accounts.AdministratorRole}
	for _, role := range slices.Sorted(maps.Keys(s.includes)) {
		if role != accounts.AdministratorRole && slices.Contains(s.expand([]string{role}), accounts.AdministratorRole) {
			list = append(list, role)
		}
	}
	return list
}

// CountSessions records the number of open sessions every ten minutes until ctx ends. Each gateway does so; the store
// keeps the highest number of an hour.
func CountSessions(ctx context.Context, counter store.SessionCounter, kept store.Statistics, now func() time.Time,
	log *slog.Logger) {
	const first, every = 5 * time.Minute, 10 * time.Minute
	l := loop.Loop{After: first, Every: every, // not at once, to keep the start fast
		Ends: func(err error) bool { return errors.Is(err, errors.ErrUnsupported) }}
	_ = l.Run(ctx, func(ctx context.Context) (more bool, err error) {
		err = CountOnce(ctx, counter, kept, now())
		if errors.Is(err, errors.ErrUnsupported) {
			return false, err // the store cannot count
		}
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "counting open sessions failed; will retry", "error", err)
		}
		return false, nil
	})
}

// CountOnce records the number of sessions that are open now.
func CountOnce(ctx context.Context, counter store.SessionCounter, kept store.Statistics, at time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, web.TimeLimit)
	defer cancel()
	n, err := counter.CountSessions(ctx)
	if err != nil {
		return err
	}
	return kept.RecordOpenSessions(ctx, at, n)
}
