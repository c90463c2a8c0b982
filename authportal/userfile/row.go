package userfile

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	// MaxRow is how many bytes of a file a row may have. An account, with its attributes, has less.
	MaxRow     = 64 << 10
	maxColumns = 200
)

// Row is an account that comes from elsewhere. What is left out is as in a new account, but that its address counts as
// confirmed, because the administrator who imports it vouches for it.
type Row struct {
	Line int `json:"-"` // in the file (CSV), or the place in the list (JSON)

	Email      string         `json:"email"`
	Username   string         `json:"username,omitempty"`
	Name       string         `json:"name,omitempty"`
	Roles      []string       `json:"roles,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
	Enabled    *bool          `json:"enabled,omitempty"`
	Confirmed  *bool          `json:"confirmed,omitempty"`
	Approved   *bool          `json:"approved,omitempty"`
	Password   string         `json:"password,omitempty"`
	Hash       string         `json:"password_hash,omitempty"` // as other software wrote it; see docs/passwords.md
}

// Fault is what is wrong with a file, or with one of its rows. It repeats names of columns, never what a cell holds.
type Fault struct {
	Line  int    // of the row; 0: before any
	Field string // the column; empty: none in particular
	Text  string // what is wrong, for people who can correct the file
	Whole bool   // nothing behind it can be read

	// Reason says in a word why a file as a whole cannot be read: "no_email" (no such column), "twice" (a name is there
	// twice), "encoding", "too_long", or "broken".
	Reason string
}

// whole is a fault of the file.
func whole(line int, reason, text string) *Fault {
	return &Fault{Line: line, Text: text, Whole: true, Reason: reason}
}

func (f *Fault) Error() string {
	s := f.Text
	if f.Field != "" {
		s = f.Field + ": " + s
	}
	if f.Line > 0 {
		s = fmt.Sprintf("row %d: %s", f.Line, s)
	}
	return s
}

// Reader reads the rows of a file.
type Reader interface {
	// Next returns the next row, io.EOF behind the last one, or a *Fault. After a fault that is not Whole the row
	// behind it can be read. Any other error is that of the underlying reader.
	Next() (Row, error)
}

// Format is how a file is written.
type Format string

// Formats of files.
const (
	CSV  Format = "csv"
	JSON Format = "json"
)

// FormatOf returns the format that the end of a file's name says, and whether it is one.
func FormatOf(name string) (Format, bool) {
	dot := strings.LastIndexByte(name, '.')
	switch f := Format(strings.ToLower(name[dot+1:])); {
	case dot >= 0 && (f == CSV || f == JSON):
		return f, true
	}
	return "", false
}

// NewReader returns the reader of a format.
func NewReader(in io.Reader, f Format) Reader {
	if f == JSON {
		return newJSONReader(in)
	}
	return newCSVReader(in)
}

// errTooLong is what reading on within one row ends with.
var errTooLong = errors.New("is longer than an account can be")

// meter ends a row that never ends before it is all in memory: both decoders read a row as a whole, however long.
type meter struct {
	in   io.Reader
	left int
}

// readAhead is what the decoders' buffers may hold beyond the row that is being read.
const readAhead = 2*MaxRow + 4096

// row lets another row be read.
func (m *meter) row() { m.left = MaxRow + readAhead }

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errTooLong
	}
	n, err := m.in.Read(p[:min(len(p), m.left)])
	m.left -= n
	return n, err
}
