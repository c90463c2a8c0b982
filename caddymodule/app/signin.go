package app

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-auth/gatehouse/authportal"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
)

// loadMethods provisions the methods of signing in.
func (a *App) loadMethods(ctx caddy.Context) error {
	if a.MFA != nil {
		return errNoFactors
	}
	if len(a.LoginRaw) == 0 {
		a.LoginRaw = []json.RawMessage{[]byte(`{"method":"password"}`)}
	}
	mods, err := ctx.LoadModule(a, "LoginRaw")
	if err != nil {
		return fmt.Errorf("loading methods of signing in: %w", err)
	}
	for _, mod := range mods.([]any) {
		driver, ok := mod.(method.Driver)
		if !ok {
			return fmt.Errorf("%T does not sign anybody in", mod)
		}
		if _, needs := mod.(method.NeedsMail); needs && a.Mail == nil {
			return fmt.Errorf("login %s needs mail, by which its links are sent: configure `mail`, or take it out", methodName(mod))
		}
		if p, ok := mod.(method.Provider); ok {
			if err := p.Common().Check(); err != nil {
				return fmt.Errorf("login %s: %w", methodName(mod), err)
			}
		}
		a.methods = append(a.methods, driver)
		a.methodNames = append(a.methodNames, methodName(mod))
	}
	return nil
}

// methodName returns the name that a method was given, else that of its module.
func methodName(mod any) string {
	if named, ok := mod.(interface{ MethodName() string }); ok && named.MethodName() != "" {
		return named.MethodName()
	}
	return mod.(caddy.Module).CaddyModule().ID.Name()
}

// openPortal makes what signs people in.
func (a *App) openPortal(run *Running, log *slog.Logger) error {
	var methods []method.Configured
	for i, driver := range a.methods {
		name := a.methodNames[i]
		opened, err := driver.Open(method.Env{Name: name, Users: run.Users, Tickets: run.Sessions, Keys: run.Keys,
			Log: log.With("method", name), Now: run.Now, Rand: rand.Reader, Site: a.siteNames()})
		if err != nil {
			return fmt.Errorf("login %s: %w", name, err)
		}
		configured := method.Configured{Name: name, Method: opened}
		if p, ok := driver.(method.Provider); ok {
			configured.Options = p.Common()
			configured.Label = configured.Options.Label
		}
		methods = append(methods, configured)
		if load, ok := opened.(hashingLoad); ok {
			run.hashing = load
		}
	}
	settings := a.settings()
	var err error
	if settings.MFA, err = a.MFA.settings(); err != nil {
		return err
	}
	set, err := pages.New(a.brand(log))
	if err != nil {
		return fmt.Errorf("brand: %w", err)
	}
	config := authportal.Config{
		Users: run.Users, Sessions: run.Sessions, Keys: run.Keys, Methods: methods, Settings: settings,
		ExpandRoles: run.Roles.Expand, CheckRole: rolepolicy.CheckRoleName, CheckUsername: rolepolicy.CheckUsername,
		Notify: a.notify, Now: run.Now, Rand: rand.Reader, Log: log, Pages: set,
	}
	config.Audit, config.Statistics = a.lease.Value().audit, a.lease.Value().statistics
	config.Includes, config.RoleUses, config.Watch = a.includes(), a.roleUses, run.alerts
	if run.Mail != nil {
		config.Mail = run.Mail.queue
	}
	run.Portal, err = authportal.New(config)
	return err
}

// siteNames are the names of the site that no password may be made of.
func (a *App) siteNames() (names []string) {
	if a.Brand != nil {
		names = append(names, a.Brand.Name)
	}
	if u, err := url.Parse(a.Portal); err == nil {
		names = append(names, u.Hostname())
	}
	return names
}

func (a *App) brand(log *slog.Logger) pages.Brand {
	if a.Brand == nil {
		return pages.Brand{Log: log}
	}
	b := a.Brand
	return pages.Brand{Name: b.Name, Logo: b.Logo, Accent: b.Accent, Templates: b.Templates, Locales: b.Locales, Log: log}
}

// settings puts the configuration in the portal's words.
func (a *App) settings() settings.Settings {
	limits, guesses, signup := a.Session, a.Throttle, a.Signup
	if limits == nil {
		limits = new(SessionLimits)
	}
	if guesses == nil {
		guesses = new(Throttle)
	}
	s := settings.Settings{Idle: limits.idle(), Lifetime: limits.lifetime(), Remember: limits.remember(),
		RememberOff: limits.remember() == 0, AllowHTTP: a.AllowHTTP,
		Account: limitOf(guesses.Account.rate(defaultAccountGuesses)), Address: limitOf(guesses.Address.rate(defaultAddressGuesses))}
	s.ConfirmEmail = a.confirmsEmail()
	if signup != nil {
		s.Signup = settings.SignupSettings{Mode: settings.SignupMode(signup.Mode), Roles: signup.Roles, Domains: signup.Domains}
		for _, f := range signup.Fields {
			s.Signup.Fields = append(s.Signup.Fields, settings.SignupField{Name: f.Name, Required: f.Required})
		}
	}
	return s
}

func limitOf(r Rate) settings.Limit {
	return settings.Limit{Count: r.Limit, Window: time.Duration(r.Window)}
}
