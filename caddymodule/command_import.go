package caddymodule

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

const (
	importBatch = 50       // rows of one request
	importBytes = 48 << 10 // of one request, below what the endpoint reads
	maxImport   = 64 << 20 // of a file
)

// numberedRow is a row with its line in the file (CSV), or its place in the list (JSON).
type numberedRow struct {
	at int
	importRow
}

func (c *commandLine) importUsers() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "import <file.csv|file.json> [--dry-run]",
		Short: "Makes the accounts that a file names, with passwords or hashes of other software; those that are there stay as they are",
		Args:  cobra.ExactArgs(1),
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

// importRows sends the rows in batches and reports each that was not made.
func (c *commandLine) importRows(cmd *cobra.Command, rows []numberedRow, dry bool) error {
	type report struct {
		Row   int    `json:"row"`
		Email string `json:"email"`
		importResult
	}
	var all []report
	failed := 0
	for len(rows) > 0 {
		n, err := batchOf(rows)
		if err != nil {
			return err
		}
		batch := make([]importRow, n)
		for i := range batch {
			batch[i] = rows[i].importRow
		}
		var answer struct {
			Results []importResult `json:"results"`
		}
		err = c.do(cmd, http.MethodPost, "/gatehouse/users/import", map[string]any{"users": batch, "dry_run": dry}, &answer, nil)
		if err == nil && len(answer.Results) != n {
			err = errors.New("the admin endpoint answered for another number of rows: is it of the same version?")
		}
		if err != nil {
			return fmt.Errorf("from row %d on nothing is known: %w; import the file once more, what was made stays", rows[0].at, err)
		}
		for i, result := range answer.Results {
			if result.Reason != "" {
				failed++
				if !c.json {
					say(cmd, "row %d, %s: %s", rows[i].at, printable(rows[i].Email), printable(result.Reason))
				}
			}
			all = append(all, report{rows[i].at, rows[i].Email, result})
		}
		rows = rows[n:]
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
		say(cmd, "%s %d of %d accounts.", done, len(all)-failed, len(all))
	}
	if failed > 0 {
		return fmt.Errorf("%s of the file could not be made an account", count(failed, "row"))
	}
	return nil
}

// batchOf returns how many rows fit into one request.
func batchOf(rows []numberedRow) (int, error) {
	size := 0
	for i := range rows {
		b, err := json.Marshal(rows[i].importRow)
		if err != nil {
			return 0, err
		}
		if size += len(b) + 1; i == importBatch || size > importBytes {
			if i == 0 {
				return 0, fmt.Errorf("row %d is longer than an account can be", rows[0].at)
			}
			return i, nil
		}
	}
	return len(rows), nil
}

func readImport(name string) ([]numberedRow, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := io.LimitReader(f, maxImport)
	switch strings.ToLower(filepath.Ext(name)) {
	case ".json":
		return readImportJSON(in)
	case ".csv":
		return readImportCSV(in)
	}
	return nil, fmt.Errorf("%s is neither .csv nor .json", name)
}

// readImportJSON reads a list of accounts, or what `users export` and `users list --json` print.
func readImportJSON(in io.Reader) (rows []numberedRow, err error) {
	raw, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	var object struct {
		Users []json.RawMessage `json:"users"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		if json.Unmarshal(raw, &object) != nil || object.Users == nil {
			return nil, fmt.Errorf("reading the file: it must hold a list of accounts: %w", err)
		}
		list = object.Users
	}
	for i, one := range list {
		var row struct {
			importRow
			// Of `users export`: an account that is made anew has its own. Anything else that is not known is misspelt.
			ID         any `json:"id"`
			Effective  any `json:"effective_roles"`
			HasOne     any `json:"has_password"`
			Created    any `json:"created"`
			LastSignIn any `json:"last_sign_in"`
			State      any `json:"state"`
			Invited    any `json:"invited"`
			Due        any `json:"password_change_required"`
		}
		d := json.NewDecoder(bytes.NewReader(one))
		d.DisallowUnknownFields()
		if err := d.Decode(&row); err != nil {
			return nil, fmt.Errorf("row %d: %w", i+1, err)
		}
		rows = append(rows, numberedRow{i + 1, row.importRow})
	}
	return rows, nil
}

// readImportCSV reads a table whose first line names the columns. What is no column of ours is an attribute of that name.
func readImportCSV(in io.Reader) (rows []numberedRow, err error) {
	r := csv.NewReader(in)
	head, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("reading the first line, which names the columns: %w", err)
	}
	for i := range head {
		head[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(head[i], "\ufeff")))
	}
	if !slices.Contains(head, "email") {
		return nil, errors.New("the first line names no column `email`")
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading the file: %w", err)
		}
		line, _ := r.FieldPos(0)
		row := numberedRow{at: line}
		for i, cell := range cells {
			if err := row.set(head[i], readCell(cell)); err != nil {
				return nil, fmt.Errorf("row %d: %s: %w", line, head[i], err)
			}
		}
		rows = append(rows, row)
	}
}

func (row *numberedRow) set(column, value string) (err error) {
	flag := func(into **bool) error {
		if value == "" {
			return nil
		}
		is, err := strconv.ParseBool(strings.ToLower(value))
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", value)
		}
		*into = &is
		return nil
	}
	switch column {
	case "email":
		row.Email = value
	case "username":
		row.Username = value
	case "name":
		row.Name = value
	case "roles":
		row.Roles = strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(",;| ", r) })
	case "password":
		row.Password = value
	case "password_hash":
		row.Hash = value
	case "enabled":
		return flag(&row.Enabled)
	case "confirmed":
		return flag(&row.Confirmed)
	case "approved":
		return flag(&row.Approved)
	case "id", "created", "last_sign_in", "": // of `users export`: an account that is made anew has its own
	default:
		if value != "" {
			if row.Attributes == nil {
				row.Attributes = map[string]any{}
			}
			row.Attributes[column] = value
		}
	}
	return nil
}

// A spreadsheet takes a cell that begins so for a formula, and runs it (CWE-1236).
const formulaStarts = "=+-@\t\r"

// writeCell makes text of what could be a formula, and readCell takes that back.
func writeCell(s string) string {
	if s != "" && (strings.ContainsRune(formulaStarts, rune(s[0])) || s[0] == '\'') {
		return "'" + s
	}
	return s
}

func readCell(s string) string {
	if len(s) > 1 && s[0] == '\'' && (strings.ContainsRune(formulaStarts, rune(s[1])) || s[1] == '\'') {
		return s[1:]
	}
	return s
}
