package command

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
	"github.com/gatehouse-auth/gatehouse/caddymodule/ops"
)

func (c *commandLine) sessionsCommand() *cobra.Command {
	return group("sessions", "Shows and ends sign-ins", c.listSessions(), c.revokeSessions())
}

func (c *commandLine) listSessions() *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use:   "list [--user <user>]",
		Short: "Lists sign-ins, newest first for each account",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path := "/gatehouse/sessions"
			if user != "" {
				path += "?user=" + url.QueryEscape(user)
			}
			var out struct {
				Sessions []ops.Session `json:"sessions"`
			}
			return c.call(cmd, http.MethodGet, path, nil, &out, func() {
				if len(out.Sessions) == 0 {
					printf(cmd, "Nobody is signed in.")
					return
				}
				var rows [][]string
				for _, s := range out.Sessions {
					rows = append(rows, []string{s.ID, s.Username, s.Host, formatTime(s.Created), formatTime(s.LastSeen),
						formatTime(s.Expires), s.Address, s.Device})
				}
				table(cmd, "ID\tUSER\tHOST\tSIGNED IN\tLAST SEEN\tENDS\tADDRESS\tBROWSER", rows)
			})
		},
	}
	cmd.Flags().StringVar(&user, "user", "", "Only those of this account (address, username or id)")
	return cmd
}

func (c *commandLine) revokeSessions() *cobra.Command {
	var (
		user string
		all  bool
	)
	cmd := &cobra.Command{
		Use:   "revoke <id> | --user <user> | --all",
		Short: "Ends sign-ins, on every host and gateway, within a second",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := map[string]any{}
			switch {
			case len(args) == 1 && user == "" && !all:
				in["id"] = args[0]
			case len(args) == 0 && user != "" && !all:
				in["user"] = user
			case len(args) == 0 && user == "" && all:
				in["all"] = true
			default:
				return errors.New("name one of: the id of a sign-in (from `sessions list`), --user, --all")
			}
			var out struct {
				Ended int `json:"ended"`
			}
			return c.call(cmd, http.MethodPost, "/gatehouse/sessions/revoke", in, &out, func() {
				printf(cmd, "Ended %s.", app.Plural(out.Ended, "sign-in"))
			})
		},
	}
	cmd.Flags().StringVar(&user, "user", "", "All sign-ins of this account (address, username or id)")
	cmd.Flags().BoolVar(&all, "all", false, "All sign-ins of all accounts")
	return cmd
}
