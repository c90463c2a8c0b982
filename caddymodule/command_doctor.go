package caddymodule

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

func (c *commandLine) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Looks at stores, clock, cookies and certificates; exit status 1 on a fault",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
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
}
