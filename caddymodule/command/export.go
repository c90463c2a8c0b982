package command

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
	"github.com/gatehouse-auth/gatehouse/caddymodule/ops"
)

func (c *commandLine) exportUsers() *cobra.Command {
	var asCSV bool
	cmd := &cobra.Command{
		Use:     "export [--csv]",
		Short:   "Prints all accounts as JSON or CSV, without what proves anything, for `users import` elsewhere",
		Example: `  caddy gatehouse users export --csv >users.csv`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := c.everyUser(cmd, "", "", "")
			if err != nil {
				return err
			}
			format := userfile.JSON
			if asCSV {
				format = userfile.CSV
			}
			return exportUsers(cmd, all, format)
		},
	}
	cmd.Flags().BoolVar(&asCSV, "csv", false, "Print CSV, a column for each attribute")
	return cmd
}

func exportUsers(cmd *cobra.Command, all []ops.User, format userfile.Format) error {
	attributes := map[string]bool{}
	for i := range all {
		for name := range all[i].Attributes {
			attributes[name] = true
		}
	}
	w := userfile.NewWriter(cmd.OutOrStdout(), format, slices.Sorted(maps.Keys(attributes)))
	for i := range all {
		if err := w.Write(fileAccount(&all[i])); err != nil {
			return err
		}
	}
	return w.Close()
}

func fileAccount(u *ops.User) *userfile.Account {
	a := &userfile.Account{ID: u.ID, Username: u.Username, Email: u.Email, Confirmed: u.Confirmed, Name: u.Name,
		Roles: u.Roles, Attributes: u.Attributes, Enabled: u.Enabled, Approved: u.Approved, Created: u.Created.UTC()}
	if u.LastSignIn != nil {
		a.LastSignIn = u.LastSignIn.UTC()
	}
	return a
}
