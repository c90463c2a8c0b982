package app

import (
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/gatehouse-auth/gatehouse/rolepolicy"
)

func (g *global) signup(d *caddyfile.Dispenser) error {
	const usage = "signup open`, `signup approval`, `signup invite` or `signup closed"
	if d.CountRemainingArgs() != 1 {
		return d.Errf("signup has %s: write `%s`", Plural(d.CountRemainingArgs(), "argument"), usage)
	}
	d.NextArg()
	s := &Signup{Mode: d.Val()}
	switch s.Mode {
	case "open", "approval", "closed":
	case "invite":
		g.needsMail = append(g.needsMail, need{d.Token(), "signup invite needs mail, by which invitations are sent"})
	default:
		return d.Errf("signup %q: write `%s`", s.Mode, usage)
	}
	g.app.Signup = s
	return words{
		"role": func(d *caddyfile.Dispenser) (err error) {
			if s.Roles, err = args(d, 1, -1, "role <role>..."); err != nil {
				return err
			}
			for _, role := range s.Roles {
				if err := rolepolicy.CheckRoleName(role); err != nil {
					return d.WrapErr(err)
				}
				if role == Administrator {
					return d.Err("signup must not give the role admin: everyone who signs up would be an administrator; give it " +
						"with `caddy gatehouse users set`")
				}
			}
			if err := g.app.checkSignupRoles(); err != nil {
				return d.WrapErr(err)
			}
			return nil
		},
		"field...": s.field,
		"domain": func(d *caddyfile.Dispenser) (err error) {
			g.needsConfirm = append(g.needsConfirm, need{d.Token(),
				"domain needs confirmed addresses: an unconfirmed address proves no domain"})
			if s.Domains, err = args(d, 1, -1, "domain example.com..."); err != nil {
				return err
			}
			for _, domain := range s.Domains {
				if err := checkDomain(domain); err != nil {
					return d.WrapErr(err)
				}
			}
			return nil
		},
	}.block(d, "signup")
}

func (s *Signup) field(d *caddyfile.Dispenser) error {
	const usage = "field <name> [required]"
	list, err := args(d, 1, 2, usage)
	if err != nil {
		return err
	}
	f := Field{Name: list[0]}
	if err := checkFieldName(f.Name); err != nil {
		return d.WrapErr(err)
	}
	if len(list) == 2 {
		if list[1] != "required" {
			return d.Errf("field %s: %q is not `required`: write `%s`", f.Name, list[1], usage)
		}
		f.Required = true
	}
	for _, other := range s.Fields {
		if other.Name == f.Name {
			return d.Errf("field %s appears twice: keep one", f.Name)
		}
	}
	s.Fields = append(s.Fields, f)
	return nil
}
