package command

import (
	"net/http"

	"github.com/spf13/cobra"

	"github.com/gatehouse-auth/gatehouse/caddymodule/ops"
)

func (c *commandLine) approveUser() *cobra.Command {
	return c.decideUser("approve",
		"Lets an account in that signed up and waits for approval, and notifies its owner by mail", "Approved")
}

func (c *commandLine) declineUser() *cobra.Command {
	return c.decideUser("decline",
		"Deletes an account that waits for approval, and notifies its owner by mail", "Declined")
}

func (c *commandLine) inviteUser() *cobra.Command {
	return c.decideUser("invite", "Sends the owner of an account without a password a link by which they choose one",
		"Invited")
}

func (c *commandLine) ticketFor() *cobra.Command {
	return &cobra.Command{
		Use:   "ticket <user>",
		Short: "Prints a link that signs in as the account, once, for ten minutes; its owner is notified by mail",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var link ops.SignInLink
			return c.call(cmd, http.MethodPost, userPath(args[0])+"/ticket", map[string]any{}, &link, func() {
				printf(cmd, "%s", printable(link.URL))
			})
		},
	}
}

func (c *commandLine) decideUser(verb, short, done string) *cobra.Command {
	return &cobra.Command{
		Use:   verb + " <user>",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var u ops.User
			return c.call(cmd, http.MethodPost, userPath(args[0])+"/"+verb, map[string]any{}, &u, func() {
				printf(cmd, "%s %s.", done, printable(u.Username))
			})
		},
	}
}
