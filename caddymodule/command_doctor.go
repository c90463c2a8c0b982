package caddymodule

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
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
				Healthy  bool      `json:"healthy"`
				Findings []finding `json:"findings"`
			}
			err := c.do(cmd, http.MethodGet, "/gatehouse/doctor", nil, &out, func() {
				for _, f := range out.Findings {
					mark := "ok   "
					if !f.OK {
						mark = "FAULT"
					}
					say(cmd, "%s  %s: %s", mark, f.Name, f.Text)
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
			return fmt.Errorf("found %s", count(faults, "fault"))
		},
	}
	cmd.Flags().StringVar(&to, "mail", "", "Send one letter to this address instead, and tell what the mail server answers")
	return cmd
}

func (c *commandLine) sendTest(cmd *cobra.Command, to string) error {
	in := map[string]string{"to": to}
	var out struct{ Server, From, To string }
	return c.do(cmd, http.MethodPost, "/gatehouse/doctor/mail", in, &out, func() {
		say(cmd, "ok     mail: %s took a letter from %s to %s", out.Server, out.From, out.To)
	})
}
