package command

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// maxSecretInput bounds what is read as a password; authportal has its own limit, and says so.
const maxSecretInput = 4096

// passwordFrom reads a new password: the first line of standard input with --password-stdin, else twice from a
// terminal. given is false where there is neither, or where nothing was typed.
func passwordFrom(cmd *cobra.Command, stdin bool) (password string, given bool, err error) {
	if stdin {
		line, err := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), maxSecretInput+2)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", false, fmt.Errorf("reading the password from standard input: %w", err)
		}
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if line == "" {
			return "", false, errors.New("--password-stdin: there is no password on standard input")
		}
		return line, true, nil
	}
	in, ok := cmd.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return "", false, nil
	}
	first, err := readSecret(cmd, in, "New password (empty for none): ")
	if err != nil || first == "" {
		return "", false, err
	}
	again, err := readSecret(cmd, in, "The same again: ")
	if err != nil {
		return "", false, err
	}
	if first != again {
		return "", false, errors.New("the two are not the same: nothing was done")
	}
	return first, true, nil
}

func readSecret(cmd *cobra.Command, in *os.File, question string) (string, error) {
	fmt.Fprint(cmd.ErrOrStderr(), question)
	b, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(cmd.ErrOrStderr())
	if err != nil {
		return "", fmt.Errorf("reading the password from the terminal: %w", err)
	}
	return string(b), nil
}

// table prints rows in columns.
func table(cmd *cobra.Command, heads string, rows [][]string) {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, heads)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = printable(cell)
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush()
}

// printable removes from a value of another person's what a terminal would obey (escape sequences) or what would
// break a table.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return '?'
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s
}

func printf(cmd *cobra.Command, format string, args ...any) {
	fmt.Fprintf(cmd.OutOrStdout(), format+"\n", args...)
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("2006-01-02 15:04")
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func printJSON(cmd *cobra.Command, v any) error {
	return json.NewEncoder(cmd.OutOrStdout()).Encode(v)
}
