package command

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-auth/gatehouse/caddymodule/ops"
	"github.com/gatehouse-auth/gatehouse/store"
)

func (c *commandLine) usersCommand() *cobra.Command {
	return group("users", "Makes, shows and changes accounts",
		c.addUser(), c.listUsers(), c.showUser(), c.setUser(), c.setEnabled("enable", true), c.setEnabled("disable", false),
		c.deleteUser(), c.approveUser(), c.declineUser(), c.inviteUser(), c.ticketFor(), c.importUsers(), c.exportUsers())
}

func userPath(who string) string { return "/gatehouse/users/" + url.PathEscape(who) }

func (c *commandLine) addUser() *cobra.Command {
	var (
		username, name string
		roles          []string
		stdin, invite  bool
	)
	cmd := &cobra.Command{
		Use:   "add <email> [--username <name>] [--name <name>] [--role <role>]... [--password-stdin|--invite]",
		Short: "Makes an account; its address counts as confirmed",
		Example: `  caddy gatehouse users add ann@example.com --role admin
  pass show ann | caddy gatehouse users add ann@example.com --password-stdin
  caddy gatehouse users add ann@example.com --invite`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := map[string]any{"email": args[0], "username": username, "name": name, "roles": roles}
			if invite {
				in["invite"] = true
			} else if password, given, err := passwordFrom(cmd, stdin); err != nil {
				return err
			} else if given {
				in["password"] = password
			}
			var u ops.User
			return c.call(cmd, http.MethodPost, "/gatehouse/users", in, &u, func() {
				printf(cmd, "Made the account %s (%s).", printable(u.Username), u.ID)
				switch {
				case invite:
					printf(cmd, "Its owner is sent a link by which they choose a password.")
				case !u.Password:
					printf(cmd, "It has no password yet: `caddy gatehouse users set %s --password-stdin` gives it one.",
						printable(u.Email))
				}
			})
		},
	}
	cmd.Flags().StringVar(&username, "username", "", "The username (default: the whole address)")
	cmd.Flags().StringVar(&name, "name", "", "What to call the person")
	cmd.Flags().StringArrayVar(&roles, "role", nil, "A role; may be given several times")
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "Read the password from standard input")
	cmd.Flags().BoolVar(&invite, "invite", false, "Send the owner a link by which they choose a password")
	cmd.MarkFlagsMutuallyExclusive("password-stdin", "invite")
	return cmd
}

func (c *commandLine) listUsers() *cobra.Command {
	var query, role, state string
	cmd := &cobra.Command{
		Use:   "list [--query <text>] [--role <role>] [--state <state>]",
		Short: "Lists accounts, the oldest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := c.everyUser(cmd, query, role, state)
			if err != nil {
				return err
			}
			return c.showUsers(cmd, all)
		},
	}
	cmd.Flags().StringVar(&query, "query", "", "Only accounts whose address, username or name holds this")
	cmd.Flags().StringVar(&role, "role", "", "Only accounts that were given this role")
	cmd.Flags().StringVar(&state, "state", "", "Only accounts in this state: disabled, waiting (for approval), "+
		"invited, new_password or unconfirmed")
	return cmd
}

// everyUser reads the list page by page.
func (c *commandLine) everyUser(cmd *cobra.Command, query, role, state string) (all []ops.User, err error) {
	for after := ""; ; {
		ask := url.Values{"query": {query}, "role": {role}, "state": {state}, "after": {after}, "limit": {"1000"}}
		var page struct {
			Users []ops.User `json:"users"`
		}
		if err := c.call(cmd, http.MethodGet, "/gatehouse/users?"+ask.Encode(), nil, &page, nil); err != nil {
			return nil, err
		}
		all = append(all, page.Users...)
		if len(page.Users) < 1000 {
			return all, nil
		}
		after = page.Users[len(page.Users)-1].ID
	}
}

func (c *commandLine) showUsers(cmd *cobra.Command, all []ops.User) error {
	if c.json {
		return printJSON(cmd, map[string]any{"users": listOf(all)})
	}
	if len(all) == 0 {
		printf(cmd, "There is no such account.")
		return nil
	}
	var rows [][]string
	for _, u := range all {
		rows = append(rows, []string{u.Username, u.Email, u.Name, strings.Join(u.Roles, ","), u.State, lastSignIn(&u)})
	}
	table(cmd, "USERNAME\tADDRESS\tNAME\tROLES\tSTATE\tLAST SIGN-IN", rows)
	return nil
}

// listOf drops what a list does not look up.
func listOf(all []ops.User) []ops.ListedUser {
	list := make([]ops.ListedUser, 0, len(all))
	for i := range all {
		list = append(list, ops.ListedUser{User: &all[i]})
	}
	return list
}

func lastSignIn(u *ops.User) string {
	if u.LastSignIn == nil {
		return "never"
	}
	return formatTime(*u.LastSignIn)
}

func (c *commandLine) showUser() *cobra.Command {
	return &cobra.Command{
		Use:   "show <user>",
		Short: "Shows one account, by its address, username or id",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var u ops.User
			return c.call(cmd, http.MethodGet, userPath(args[0]), nil, &u, func() {
				rows := [][]string{{"id", u.ID}, {"username", u.Username}, {"address", u.Email}, {"confirmed", yesNo(u.Confirmed)},
					{"name", u.Name}, {"roles", strings.Join(u.Roles, ", ")}, {"with included", strings.Join(u.Effective, ", ")},
					{"state", u.State}, {"enabled", yesNo(u.Enabled)},
					{"password", yesNo(u.Password)}, {"must choose another", yesNo(u.Due)}, {"made", formatTime(u.Created)},
					{"last sign-in", lastSignIn(&u)}}
				if u.Invited != nil {
					rows = append(rows, []string{"invited", formatTime(*u.Invited)})
				}
				for _, name := range slices.Sorted(maps.Keys(u.Attributes)) {
					rows = append(rows, []string{"attribute " + name, store.AttributeText(u.Attributes[name], ", ")})
				}
				table(cmd, "FIELD\tVALUE", rows)
			})
		},
	}
}

func (c *commandLine) setUser() *cobra.Command {
	var (
		email, username, name   string
		addRoles, dropRoles, kv []string
		stdin, due              bool
	)
	cmd := &cobra.Command{
		Use: "set <user> [--email <address>] [--username <name>] [--name <name>] [--add-role <role>]... [--remove-role " +
			"<role>]... [--attribute <name>=<value>]... [--password-stdin] [--require-new-password]",
		Short: "Changes an account; roles are in force within a second, a new password ends all its sign-ins",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := map[string]any{}
			for flag, value := range map[string]string{"email": email, "username": username, "name": name} {
				if cmd.Flags().Changed(flag) {
					in[flag] = value
				}
			}
			if addRoles != nil {
				in["add_roles"] = addRoles
			}
			if dropRoles != nil {
				in["remove_roles"] = dropRoles
			}
			if kv != nil {
				attributes, err := attributesFrom(kv)
				if err != nil {
					return err
				}
				in["attributes"] = attributes
			}
			if stdin {
				password, _, err := passwordFrom(cmd, true)
				if err != nil {
					return err
				}
				in["password"] = password
			}
			if cmd.Flags().Changed("require-new-password") {
				in["password_change_required"] = due
			}
			if len(in) == 0 {
				return errors.New("nothing to change: name what, such as --add-role editor (see --help)")
			}
			var u ops.User
			return c.call(cmd, http.MethodPatch, userPath(args[0]), in, &u, func() {
				printf(cmd, "Changed %s. Roles: %s.", printable(u.Username), printable(strings.Join(u.Roles, ", ")))
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&email, "email", "", "The address; it counts as confirmed")
	flags.StringVar(&username, "username", "", "The username; empty for the whole address")
	flags.StringVar(&name, "name", "", "What to call the person")
	flags.StringArrayVar(&addRoles, "add-role", nil, "A role to give; may be given several times")
	flags.StringArrayVar(&dropRoles, "remove-role", nil, "A role to take away; may be given several times")
	flags.StringArrayVar(&kv, "attribute", nil, "An attribute, as name=value; an empty value removes it; may be given "+
		"several times")
	flags.BoolVar(&stdin, "password-stdin", false, "Read a new password from standard input")
	flags.BoolVar(&due, "require-new-password", false, "End all sign-ins; the next one must choose a new password first")
	return cmd
}

// attributesFrom reads name=value pairs; nil removes.
func attributesFrom(pairs []string) (map[string]any, error) {
	all := make(map[string]any, len(pairs))
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--attribute %q: write name=value", pair)
		}
		if _, twice := all[name]; twice {
			return nil, fmt.Errorf("--attribute %s is given twice", name)
		}
		all[name] = value
		if value == "" {
			all[name] = nil
		}
	}
	return all, nil
}

func (c *commandLine) setEnabled(word string, enabled bool) *cobra.Command {
	short, done := "Lets an account sign in again", "%s may sign in again."
	if !enabled {
		short, done = "Ends all sign-ins of an account and lets it make none",
			"%s is disabled, and all its sign-ins have ended."
	}
	return &cobra.Command{
		Use:   word + " <user>",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var u ops.User
			return c.call(cmd, http.MethodPatch, userPath(args[0]), map[string]any{"enabled": enabled}, &u, func() {
				printf(cmd, done, printable(u.Username))
			})
		},
	}
}

func (c *commandLine) deleteUser() *cobra.Command {
	return &cobra.Command{
		Use:   "delete <user>",
		Short: "Removes an account for good; its username is not given out again",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var u ops.User
			return c.call(cmd, http.MethodDelete, userPath(args[0]), nil, &u, func() {
				printf(cmd, "Deleted %s.", printable(u.Username))
			})
		},
	}
}
