package command

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
)

func (c *commandLine) auditCommand() *cobra.Command {
	return group("audit", "The audit trail", c.auditKey())
}

// auditKey shows the key by which the receiver of the webhook knows us. It is derived here, from the configuration:
// no running server hands a key out.
func (c *commandLine) auditKey() *cobra.Command {
	return &cobra.Command{
		Use:     "key",
		Short:   "Prints the key that signs what the webhook posts, where the configuration names none; needs --config",
		Example: `  caddy gatehouse audit key --config /etc/caddy/Caddyfile`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if c.config == "" {
				return errors.New("a running server hands out no key: name its configuration with --config")
			}
			app, err := app.Load(c.config, c.adapter)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, app.Cleanup()) }()
			ctx, cancel := context.WithTimeout(cmd.Context(), commandTimeout)
			defer cancel()
			key, err := app.DerivedWebhookKey(ctx)
			if err != nil {
				return err
			}
			if c.json {
				return printJSON(cmd, map[string]string{"key": key})
			}
			printf(cmd, "%s", key)
			return nil
		},
	}
}
