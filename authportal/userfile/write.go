package userfile

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Account is an account as files hold it: no credential is in it. Roles are those assigned.
type Account struct {
	ID         string         `json:"id"`
	Username   string         `json:"username"`
	Email      string         `json:"email"`
	Confirmed  bool           `json:"confirmed"`
	Name       string         `json:"name"`
	Roles      []string       `json:"roles"`
	Attributes map[string]any `json:"attributes"`
	Enabled    bool           `json:"enabled"`
	Approved   bool           `json:"approved"`
	Created    time.Time      `json:"created"`
	LastSignIn time.Time      `json:"last_sign_in,omitzero"`
}

// Of returns an account as files hold it.
func Of(u *store.User) Account {
	a := Account{ID: u.ID, Username: u.Username, Email: u.Email, Confirmed: u.Confirmed, Name: u.Name, Roles: u.Roles, Attributes: u.Attributes,
		Enabled: u.Enabled, Approved: u.Approved, Created: u.Created.UTC().Truncate(time.Second)}
	if !u.LastSignIn.IsZero() {
		a.LastSignIn = u.LastSignIn.UTC().Truncate(time.Second)
	}
	if a.Roles == nil {
		a.Roles = []string{}
	}
	return a
}

// Writer writes accounts that a Reader of the same format reads.
type Writer interface {
	Write(*Account) error
	Close() error // writes what ends the file; it does not close what is below
}

// NewWriter returns the writer of a format. A table has a column for each of the attributes; JSON has those of each
// account.
func NewWriter(w io.Writer, f Format, attributes []string) Writer {
	if f == JSON {
		return &jsonWriter{w: w}
	}
	return &csvWriter{w: csv.NewWriter(w), attributes: attributes}
}

type jsonWriter struct {
	w     io.Writer
	begun bool
}

func (j *jsonWriter) Write(a *Account) error {
	var b bytes.Buffer
	b.WriteString(",\n")
	if !j.begun {
		b.Reset()
		b.WriteString("{\"users\":[\n")
		j.begun = true
	}
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(a); err != nil {
		return err
	}
	_, err := j.w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return err
}

func (j *jsonWriter) Close() error {
	end := "\n]}\n"
	if !j.begun {
		end = "{\"users\":[]}\n"
	}
	_, err := io.WriteString(j.w, end)
	return err
}

// csvWriter makes text of what a spreadsheet would run as a formula.
type csvWriter struct {
	w          *csv.Writer
	attributes []string
	begun      bool
}

var written = []string{"id", "username", "email", "confirmed", "name", "roles", "enabled", "approved", "created", "last_sign_in"}

// head writes the names of the columns. An attribute with the name of one of ours, such as `password`,
// gets a prefix.
func (c *csvWriter) head() error {
	if c.begun {
		return nil
	}
	c.begun = true
	row := slices.Clone(written)
	for _, name := range c.attributes {
		if slices.Contains(columns, name) || slices.Contains(passedOver, name) {
			name = attributePrefix + name
		}
		row = append(row, WriteCell(name))
	}
	return c.w.Write(row)
}

func (c *csvWriter) Write(a *Account) error {
	if err := c.head(); err != nil {
		return err
	}
	last := ""
	if !a.LastSignIn.IsZero() {
		last = a.LastSignIn.UTC().Format(time.RFC3339)
	}
	row := []string{a.ID, a.Username, a.Email, strconv.FormatBool(a.Confirmed), a.Name, strings.Join(a.Roles, ","),
		strconv.FormatBool(a.Enabled), strconv.FormatBool(a.Approved), a.Created.UTC().Format(time.RFC3339), last}
	for _, name := range c.attributes {
		row = append(row, store.AttributeText(a.Attributes[name], ", "))
	}
	for i := range row {
		row[i] = WriteCell(row[i])
	}
	return c.w.Write(row)
}

func (c *csvWriter) Close() error {
	if err := c.head(); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}
