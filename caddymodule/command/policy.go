package command

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
)

func (c *commandLine) policyCommand() *cobra.Command {
	return group("policy", "Explains which rule decides", c.explainPolicy())
}

func (c *commandLine) explainPolicy() *cobra.Command {
	var as, from string
	var roles []string
	cmd := &cobra.Command{
		Use:   "explain [--as <user> | --roles <role>,...] [--from <address>] <METHOD> <URL>",
		Short: "Explains what a gate makes of a request: the deciding rule with file and line, and every reading of the path",
		Long: `
Explains what a gate makes of a request: the verdict, the rule that decides with file
and line, and every way in which an upstream may read the path. Rewrites that
come before the gate are not applied. Without --as and --roles no one is signed in.`,
		Example: "  caddy gatehouse policy explain --as ann@example.com GET https://app.example.com/admin/",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := map[string]any{"method": args[0], "url": args[1]}
			if as != "" {
				in["as"] = as
			}
			if cmd.Flags().Changed("roles") {
				in["roles"] = append([]string{}, roles...)
			}
			if from != "" {
				in["from"] = from
			}
			var out struct {
				Gates []struct {
					Gate string `json:"gate"`
					Text string `json:"text"`
				} `json:"gates"`
			}
			return c.call(cmd, http.MethodPost, "/gatehouse/policy/explain", in, &out, func() {
				for _, g := range out.Gates {
					if g.Gate != "" {
						printf(cmd, "gate at %s", g.Gate)
					}
					fmt.Fprintln(cmd.OutOrStdout(), strings.TrimRight(g.Text, "\n"))
				}
			})
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "Judge this account (address, username or id), signed in just now")
	cmd.Flags().StringSliceVar(&roles, "roles", nil, "Judge an account that holds these roles")
	cmd.Flags().StringVar(&from, "from", "", "The client's address, for rules with `from`")
	cmd.MarkFlagsMutuallyExclusive("as", "roles")
	return cmd
}
