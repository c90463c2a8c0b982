package userfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// jsonReader reads a list of objects, or an object that holds one as `users`: what the exports and the lists of the
// command line and of the API are.
type jsonReader struct {
	m      *meter
	d      *json.Decoder
	opened bool
	inside bool // of an object
	count  int
	err    error
}

func newJSONReader(in io.Reader) *jsonReader {
	m := &meter{in: withoutMark(in)}
	d := json.NewDecoder(m)
	d.UseNumber() // a number beyond all bounds must not be an internal error
	return &jsonReader{m: m, d: d}
}

// withoutMark drops the byte order mark that some editors put before UTF-8.
func withoutMark(in io.Reader) io.Reader {
	var start [3]byte
	n, err := io.ReadFull(in, start[:])
	switch {
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return failing{err}
	case string(start[:n]) == "\ufeff":
		return in
	}
	return io.MultiReader(bytes.NewReader(start[:n]), in)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func (j *jsonReader) Next() (row Row, err error) {
	if j.err == nil && !j.opened {
		j.err = j.open()
		j.opened = true
	}
	if j.err != nil {
		return row, j.err
	}
	j.m.row()
	if !j.d.More() {
		j.err = j.close()
		return row, j.err
	}
	j.count++
	row.Line = j.count
	begin := j.d.InputOffset()
	var raw json.RawMessage
	if err := j.d.Decode(&raw); err != nil {
		j.err = j.unreadable(err)
		return row, j.err
	}
	if j.d.InputOffset()-begin > MaxRow {
		return row, &Fault{Line: j.count, Text: errTooLong.Error()}
	}
	row, fault := readRow(raw)
	row.Line = j.count
	if fault != nil {
		fault.Line = j.count
		return row, fault
	}
	return row, nil
}

// open goes to the first row.
func (j *jsonReader) open() error {
	j.m.row()
	first, err := j.d.Token()
	switch {
	case err != nil:
		return j.unreadable(err)
	case first == json.Delim('['):
		return nil
	case first != json.Delim('{'):
		return errNoList
	}
	j.inside = true
	for j.d.More() {
		name, err := j.d.Token()
		if err != nil {
			return j.unreadable(err)
		}
		if name == "users" {
			list, err := j.d.Token()
			switch {
			case err != nil:
				return j.unreadable(err)
			case list != json.Delim('['):
				return errNoList
			}
			return nil
		}
		if err := j.skip(); err != nil {
			return err
		}
	}
	return errNoList
}

var errNoList = whole(0, "broken", "the file must hold a list of accounts")

// close reads what is behind the last row: nothing may be left that could be taken for another one.
func (j *jsonReader) close() error {
	if _, err := j.d.Token(); err != nil {
		return j.unreadable(err)
	}
	for j.inside && j.d.More() {
		name, err := j.d.Token()
		switch {
		case err != nil:
			return j.unreadable(err)
		case name == "users":
			return whole(j.count, "twice", "the file holds `users` twice")
		}
		if err := j.skip(); err != nil {
			return err
		}
	}
	if j.inside {
		if _, err := j.d.Token(); err != nil {
			return j.unreadable(err)
		}
	}
	switch _, err := j.d.Token(); {
	case errors.Is(err, io.EOF):
		return io.EOF
	case err != nil:
		return j.unreadable(err)
	}
	return whole(j.count, "broken", "something follows the list of accounts")
}

func (j *jsonReader) skip() error {
	j.m.row()
	var raw json.RawMessage
	if err := j.d.Decode(&raw); err != nil {
		return j.unreadable(err)
	}
	return nil
}

func (j *jsonReader) unreadable(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, errTooLong):
		return whole(j.count, "too_long", err.Error())
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return whole(j.count, "broken", "the file ends in the middle")
	case errors.As(err, &syntax):
		return whole(j.count, "broken", fmt.Sprintf("the file is no JSON: %v, at byte %d", err, syntax.Offset))
	}
	return err
}

// readRow reads one object. A member that is not known is misspelt.
func readRow(raw json.RawMessage) (row Row, fault *Fault) {
	if !utf8.Valid(raw) {
		return row, &Fault{Text: "is not UTF-8"} // the decoder would put something else in its place
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return row, &Fault{Text: "is no JSON object"}
	}
	if fault := plain(d, 0); fault != nil {
		return row, fault
	}
	var object struct {
		Row
		// Of our own exports and lists: an account that is made anew has its own.
		ID         any `json:"id"`
		Effective  any `json:"effective_roles"`
		HasOne     any `json:"has_password"`
		Created    any `json:"created"`
		LastSignIn any `json:"last_sign_in"`
		Version    any `json:"version"`
		State      any `json:"state"`
		Invited    any `json:"invited"`
		Due        any `json:"password_change_required"`
	}
	d = json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err := d.Decode(&object)
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		return row, &Fault{Field: strings.TrimPrefix(kind.Field, "Row."), Text: "is of the wrong type"}
	case err != nil:
		return row, &Fault{Text: strings.TrimPrefix(err.Error(), "json: ")}
	}
	return object.Row, nil
}

// maxDepth is that of a list among the attributes of a row.
const maxDepth = 3

// plain refuses what two readers could read in two ways: a name that an object has twice, in any letter case, and
// values that are nested deeper than any of ours.
func plain(d *json.Decoder, depth int) *Fault {
	token, err := d.Token()
	if err != nil {
		return &Fault{Text: "is no JSON: " + err.Error()}
	}
	open, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	if depth == maxDepth {
		return &Fault{Text: "is nested too deep"}
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return &Fault{Text: "is no JSON: " + err.Error()}
			}
			folded := strings.ToLower(strings.ToUpper(name.(string))) // as encoding/json compares them
			if seen[folded] {
				return &Fault{Text: "holds a name twice"}
			}
			seen[folded] = true
		}
		if fault := plain(d, depth+1); fault != nil {
			return fault
		}
	}
	if _, err := d.Token(); err != nil {
		return &Fault{Text: "is no JSON: " + err.Error()}
	}
	return nil
}
