package caddymodule

import (
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
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
			if asCSV {
				return exportCSV(cmd, all)
			}
			return printJSON(cmd, map[string]any{"users": listOf(all)})
		},
	}
	cmd.Flags().BoolVar(&asCSV, "csv", false, "Print CSV, a column for each attribute")
	return cmd
}

// exportCSV writes a table whose columns `users import` knows. What a spreadsheet would run as a formula is made text.
func exportCSV(cmd *cobra.Command, all []userView) error {
	attributes := map[string]bool{}
	for i := range all {
		for name := range all[i].Attributes {
			attributes[name] = true
		}
	}
	columns := slices.Sorted(maps.Keys(attributes))
	w := csv.NewWriter(cmd.OutOrStdout())
	head := append([]string{"id", "username", "email", "confirmed", "name", "roles", "enabled", "created", "last_sign_in"}, columns...)
	if err := w.Write(head); err != nil {
		return err
	}
	for i := range all {
		u := &all[i]
		last := ""
		if u.LastSignIn != nil {
			last = u.LastSignIn.UTC().Format(time.RFC3339)
		}
		row := []string{u.ID, u.Username, u.Email, strconv.FormatBool(u.Confirmed), u.Name, strings.Join(u.Roles, ","),
			strconv.FormatBool(u.Enabled), u.Created.UTC().Format(time.RFC3339), last}
		for _, name := range columns {
			row = append(row, cellOf(u.Attributes[name]))
		}
		for j := range row {
			row[j] = writeCell(row[j])
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func cellOf(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case []any:
		parts := make([]string, len(value))
		for i := range value {
			parts[i] = fmt.Sprint(value[i])
		}
		return strings.Join(parts, ", ")
	}
	return fmt.Sprint(value)
}
