package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
	"github.com/gatehouse-auth/gatehouse/caddymodule/ops"
)

const (
	importBatch = 50       // rows of one request
	importBytes = 48 << 10 // of one request, below what the endpoint reads
	maxImport   = 64 << 20 // of a file
)

func (c *commandLine) importUsers() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "import <file.csv|file.json> [--dry-run]",
		Short: "Makes the accounts that a file names, with passwords or hashes of other software; those that are there " +
			"stay as they are",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			rows, err := readImport(args[0])
			if err != nil {
				return err
			}
			return c.importRows(cmd, rows, dry)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "Only say what would become of each row")
	return cmd
}

// importReport is what a row became, as --json prints it.
type importReport struct {
	Row   int    `json:"row"`
	Email string `json:"email"`
	ops.ImportResult
}

// importRows sends the rows in batches and reports each that was not made.
func (c *commandLine) importRows(cmd *cobra.Command, rows []userfile.Row, dry bool) error {
	var all []importReport
	var counts accounts.ImportCounts
	for len(rows) > 0 {
		n, err := batchOf(rows)
		if err != nil {
			return err
		}
		request := ops.ImportRequest{Users: rows[:n], Dry: dry, Before: counts, Last: n == len(rows)}
		var response ops.ImportResponse
		err = c.call(cmd, http.MethodPost, "/gatehouse/users/import", request, &response, nil)
		if err == nil && len(response.Results) != n {
			err = errors.New("the admin endpoint answered for another number of rows: is it of the same version?")
		}
		if err != nil {
			return fmt.Errorf("from row %d on nothing is known: %w; import the file once more, what was made stays",
				rows[0].Line, err)
		}
		for i, result := range response.Results {
			if result.Reason != "" && !c.json {
				printf(cmd, "row %d, %s: %s", rows[i].Line, printable(rows[i].Email), printable(result.Reason))
			}
			all = append(all, importReport{rows[i].Line, rows[i].Email, result})
		}
		counts = response.Counts
		rows = rows[n:]
	}
	return c.importDone(cmd, all, dry)
}

func (c *commandLine) importDone(cmd *cobra.Command, all []importReport, dry bool) error {
	failed := 0
	for _, r := range all {
		if r.Reason != "" {
			failed++
		}
	}
	done := "Made"
	if dry {
		done = "Would make"
	}
	switch {
	case c.json:
		if err := printJSON(cmd, map[string]any{"dry_run": dry, "rows": all}); err != nil {
			return err
		}
	default:
		printf(cmd, "%s %d of %d accounts.", done, len(all)-failed, len(all))
	}
	if failed > 0 {
		return fmt.Errorf("%s of the file could not be made an account", app.Plural(failed, "row"))
	}
	return nil
}

// batchOf returns how many rows fit into one request.
func batchOf(rows []userfile.Row) (int, error) {
	size := 0
	for i := range rows {
		b, err := json.Marshal(rows[i])
		if err != nil {
			return 0, err
		}
		if size += len(b) + 1; i == importBatch || size > importBytes {
			if i == 0 {
				return 0, fmt.Errorf("row %d is longer than an account can be", rows[0].Line)
			}
			return i, nil
		}
	}
	return len(rows), nil
}

// readImport reads the whole file before anything is made: the operator can correct a row that cannot be read.
func readImport(name string) (rows []userfile.Row, err error) {
	format, ok := userfile.FormatOf(name)
	if !ok {
		return nil, fmt.Errorf("%s is neither .csv nor .json", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxImport {
		return nil, fmt.Errorf("%s is larger than %d MiB: split it", name, maxImport>>20)
	}
	r := userfile.NewReader(io.LimitReader(f, maxImport), format)
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		} else if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
}
