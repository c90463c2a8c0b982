package userfile

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// columns are those of the first line that are no attributes.
var columns = []string{"email", "username", "name", "roles", "password", "password_hash", "enabled", "confirmed", "approved"}

// passedOver are columns of our own exports that an account which is made anew has of its own.
var passedOver = []string{"id", "created", "last_sign_in", ""}

// attributePrefix marks an attribute whose bare name would be taken for one of those.
const attributePrefix = "attributes."

// csvReader reads a table whose first line names the columns. What is no column of ours is an attribute of that name.
type csvReader struct {
	m    *meter
	in   *bufio.Reader
	r    *csv.Reader
	head []string
	at   int64 // where the row begins
	line int   // of the row before
	err  error // the end, or a fault of the whole
}

func newCSVReader(in io.Reader) *csvReader {
	m := &meter{in: in}
	return &csvReader{m: m, in: bufio.NewReader(m)}
}

// Next reads a row. Rows without anything in them, as spreadsheets leave them behind, are none.
func (c *csvReader) Next() (Row, error) {
	for {
		row, empty, err := c.next()
		var fault *Fault
		if err != nil && (!errors.As(err, &fault) || fault.Whole) {
			c.err = err
		}
		if !empty {
			return row, err
		}
	}
}

func (c *csvReader) next() (row Row, empty bool, err error) {
	if c.err == nil && c.head == nil {
		c.err = c.readHead()
	}
	if c.err != nil {
		return row, false, c.err
	}
	c.m.row()
	cells, err := c.r.Read()
	if err != nil && !errors.Is(err, csv.ErrFieldCount) {
		return row, false, c.unreadable(err)
	}
	line, _ := c.r.FieldPos(0)
	row.Line, c.line = line, line
	begin := c.at
	c.at = c.r.InputOffset()
	switch {
	case c.at-begin > MaxRow:
		return row, false, &Fault{Line: line, Text: errTooLong.Error()}
	case !slices.ContainsFunc(cells, func(s string) bool { return strings.TrimSpace(s) != "" }):
		return row, true, nil
	case len(cells) != len(c.head):
		return row, false, &Fault{Line: line, Text: fmt.Sprintf("has %d cells where the first line names %d columns", len(cells), len(c.head))}
	}
	for i, cell := range cells {
		if !utf8.ValidString(cell) {
			return row, false, &Fault{Line: line, Field: c.head[i], Text: "is not UTF-8: save the file as CSV UTF-8"}
		}
		if err := row.set(c.head[i], readCell(cell)); err != nil {
			return row, false, &Fault{Line: line, Field: c.head[i], Text: err.Error()}
		}
	}
	return row, false, nil
}

// readHead reads the first line.
func (c *csvReader) readHead() error {
	c.m.row()
	start, err := c.in.Peek(3)
	switch {
	case errors.Is(err, errTooLong):
		return c.unreadable(err)
	case bytes.Equal(start, []byte("\ufeff")):
		_, _ = c.in.Discard(3) // it is there
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return whole(0, "encoding", "the file is UTF-16: save it as CSV UTF-8")
	}
	c.r = csv.NewReader(c.in)
	c.r.Comma = c.separator()
	head, err := c.r.Read()
	var own *csv.ParseError
	switch {
	case errors.Is(err, io.EOF), errors.As(err, &own):
		return whole(0, "broken", "reading the first line, which names the columns: "+err.Error())
	case err != nil:
		return c.unreadable(err)
	}
	if len(head) > maxColumns {
		return whole(0, "too_long", fmt.Sprintf("the first line names %d columns: at most %d can be", len(head), maxColumns))
	}
	for i := range head {
		head[i] = strings.ToLower(readCell(strings.TrimSpace(head[i])))
		if !utf8.ValidString(head[i]) || strings.ContainsRune(head[i], 0) {
			return whole(0, "encoding", "the first line is not UTF-8: save the file as CSV UTF-8")
		}
		// Of two columns of one name only one could count, and nothing says which.
		if head[i] != "" && slices.Contains(head[:i], head[i]) {
			return whole(0, "twice", fmt.Sprintf("the first line names the column `%s` twice", head[i]))
		}
	}
	if !slices.Contains(head, "email") {
		return whole(0, "no_email", "the first line names no column `email`")
	}
	c.head, c.at, c.line = head, c.r.InputOffset(), 1
	return nil
}

// separator is the character between cells: spreadsheets write a comma, or a semicolon where the comma is the decimal
// sign, or tabs.
func (c *csvReader) separator() rune {
	line, _ := c.in.Peek(c.in.Size())
	line, _, _ = bytes.Cut(line, []byte("\n"))
	for _, comma := range ",;\t" {
		for name := range strings.SplitSeq(strings.ToLower(string(line)), string(comma)) {
			if strings.Trim(name, "\" \r") == "email" {
				return comma
			}
		}
	}
	return ','
}

// unreadable returns the fault of a file that cannot be read from here on: an open quote may hold any number of rows.
// The end of the file is no fault.
func (c *csvReader) unreadable(err error) error {
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse):
		return whole(parse.StartLine, "broken", fmt.Sprintf("line %d, character %d: %v", parse.Line, parse.Column, parse.Err))
	case errors.Is(err, errTooLong) && c.head == nil:
		return whole(0, "too_long", "the first line is too long")
	case errors.Is(err, errTooLong):
		return whole(c.line+1, "too_long", err.Error())
	}
	return err
}

// set reads the cell of a column.
func (row *Row) set(column, value string) error {
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
		return readFlag(&row.Enabled, value)
	case "confirmed":
		return readFlag(&row.Confirmed, value)
	case "approved":
		return readFlag(&row.Approved, value)
	default:
		if value == "" || slices.Contains(passedOver, column) {
			return nil
		}
		if row.Attributes == nil {
			row.Attributes = map[string]any{}
		}
		name := strings.TrimPrefix(column, attributePrefix)
		if _, twice := row.Attributes[name]; twice {
			return errors.New("is there twice")
		}
		row.Attributes[name] = value
	}
	return nil
}

func readFlag(into **bool, value string) error {
	if value == "" {
		return nil
	}
	is, err := strconv.ParseBool(strings.ToLower(value))
	if err != nil {
		return errors.New("is neither true nor false")
	}
	*into = &is
	return nil
}
