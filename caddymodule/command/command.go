package command

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "gatehouse",
		Usage: "users|sessions|policy|audit|doctor ...",
		Short: "Manages accounts, sessions and rules of Gatehouse",
		Long: `
Speaks to the running server through Caddy's admin endpoint (--address), or, with
--config, to the stores that a Caddyfile names, without a running server.

Secrets are read from a terminal or from standard input, never from arguments,
which every user of the machine can see.`,
		CobraFunc: func(cmd *cobra.Command) { AddCommands(cmd) },
	})
}

// commandLine is what all subcommands share.
type commandLine struct {
	address string // of the admin endpoint
	config  string // Caddyfile or JSON: speak to the stores themselves
	adapter string
	json    bool
}

// AddCommands hangs the subcommands below root.
func AddCommands(root *cobra.Command) {
	c := new(commandLine)
	flags := root.PersistentFlags()
	flags.StringVar(&c.address, "address", "", "The address of the admin endpoint, if not Caddy's default")
	flags.StringVarP(&c.config, "config", "c", "", "Speak to the stores of this configuration, without a running server")
	flags.StringVarP(&c.adapter, "adapter", "a", "",
		"Name of the config adapter for --config, if it is neither a Caddyfile nor JSON")
	flags.BoolVar(&c.json, "json", false, "Print JSON")
	root.MarkFlagsMutuallyExclusive("address", "config")
	root.Args = cobra.NoArgs
	root.RunE = helpOf
	root.AddCommand(c.usersCommand(), c.sessionsCommand(), c.policyCommand(), c.doctorCommand(), c.auditCommand())
}

// helpOf shows what a command that does nothing by itself has below it.
func helpOf(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// group makes a command that does nothing by itself.
func group(use, short string, below ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: helpOf}
	cmd.AddCommand(below...)
	return cmd
}
