package command

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
	"github.com/gatehouse-auth/gatehouse/caddymodule/ops"
)

func (c *commandLine) doctorCommand() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Looks at stores, mail, webhook, clock, cookies and certificates; exit status 1 on a fault",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to != "" {
				return c.sendTest(cmd, to)
			}
			var out struct {
				Healthy  bool          `json:"healthy"`
				Findings []ops.Finding `json:"findings"`
			}
			err := c.call(cmd, http.MethodGet, "/gatehouse/doctor", nil, &out, func() {
				for _, f := range out.Findings {
					mark := "ok   "
					if !f.OK {
						mark = "FAULT"
					}
					printf(cmd, "%s  %s: %s", mark, f.Name, f.Text)
				}
			})
			if err != nil || out.Healthy {
				return err
			}
			faults := 0
			for _, f := range out.Findings {
				if !f.OK {
					faults++
				}
			}
			return fmt.Errorf("found %s", app.Plural(faults, "fault"))
		},
	}
	cmd.Flags().StringVar(&to, "mail", "", "Send one message to this address instead, and show what the mail server "+
		"answers")
	return cmd
}

func (c *commandLine) sendTest(cmd *cobra.Command, to string) error {
	in := map[string]string{"to": to}
	var out struct{ Server, From, To string }
	return c.call(cmd, http.MethodPost, "/gatehouse/doctor/mail", in, &out, func() {
		printf(cmd, "ok     mail: %s took a letter from %s to %s", out.Server, out.From, out.To)
	})
}
