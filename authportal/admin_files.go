package authportal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
)

// adminFileRoutes are the files of accounts that administrators bring and take along.
func (p *Portal) adminFileRoutes() []route {
	return []route{
		{method: http.MethodPost, path: "/api/v1/admin/users/import", do: (*call).importAPI, limit: importTime},
		{method: http.MethodGet, path: "/api/v1/admin/users/export", do: (*call).exportUsersAPI, limit: exportTime},
		{method: http.MethodGet, path: "/admin/import", do: (*call).importPage},
		{method: http.MethodPost, path: "/admin/import", do: (*call).importForm, limit: importPageTime},
		{method: http.MethodGet, path: "/admin/export", do: (*call).exportUsersPage, limit: exportTime},
	}
}

const (
	maxImportFile = 32 << 20 // bytes; what is larger goes by the command line
	maxImportRows = 100_000
	importTime    = 10 * time.Minute
	uploadTime    = 2 * time.Minute

	// importPageTime is for a page, which a browser waits for: after five minutes it gives up, and would not learn how far it came.
	importPageTime = 4 * time.Minute

	lookAgain = time.Second // between two looks at whether the administrator still is one
)

var (
	errImporting     = &problem.Problem{Status: http.StatusServiceUnavailable, Code: "import_running", Detail: "another file is being imported", RetryAfter: 15 * time.Second}
	errImportTime    = &problem.Problem{Status: http.StatusServiceUnavailable, Code: "import_time", Detail: "the time for one import is over; send the file again, and it goes on"}
	errFileTooLarge  = &problem.Problem{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Detail: "the file is larger than 32 MiB: split it, or use the command line"}
	errTooManyRows   = &problem.Problem{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Detail: "the file has more than 100,000 rows: split it, or use the command line"}
	errUploadStopped = &problem.Problem{Status: http.StatusBadRequest, Code: problem.Malformed.Code, Detail: "the file did not arrive as a whole"}
)

// upload is a file of accounts that an administrator sent.
type upload struct {
	format userfile.Format
	raw    []byte
	sum    string    // SHA-256, to know the file again
	needs  assurance // of whoever imports it
}

// withUpload lets do have the file that read reads. The whole of it is read and looked through before the first account is
// made, so that a file which turns out to be broken in its last line has not become half of its accounts. It is held in
// memory for that: for one administrator at a time, up to a size, and for as long as the call lasts, never on a disk, since
// there may be passwords in it. Who may not import is told before a byte of it is read.
func (c *call) withUpload(read func() (*upload, error), do func(Actor, *upload) error) error {
	if _, err := c.mustAdminister(recentLogin); err != nil {
		return err
	}
	select {
	case c.p.importing <- struct{}{}:
	default:
		return errImporting
	}
	defer func() { <-c.p.importing }()
	// A file that trickles must not keep the place. Servers that know no deadlines have their own ways.
	connection := http.NewResponseController(c.w)
	_ = connection.SetReadDeadline(time.Now().Add(uploadTime))
	_ = connection.SetWriteDeadline(time.Now().Add(uploadTime + importTime))
	file, err := read()
	_ = connection.SetReadDeadline(time.Time{})
	if err == nil {
		err = file.survey()
	}
	if err != nil {
		return err
	}
	by, err := c.mustAdminister(file.needs)
	if err != nil {
		return err
	}
	return do(by, file)
}

// readUpload reads a file of that size; less than 0: it is not known.
func readUpload(in io.Reader, format userfile.Format, size int64) (*upload, error) {
	var b bytes.Buffer
	if 0 < size && size <= maxImportFile {
		b.Grow(int(size) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(io.LimitReader(in, maxImportFile+1)); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, errFileTooLarge
		}
		return nil, errUploadStopped
	}
	if b.Len() > maxImportFile {
		return nil, errFileTooLarge
	}
	sum := sha256.Sum256(b.Bytes())
	return &upload{format: format, raw: b.Bytes(), sum: hex.EncodeToString(sum[:])}, nil
}

// survey reads the file through. Passwords and their hashes sign in as somebody else, so that a file with any of them is
// imported by a person and never by a token, as the same account would be made by itself.
func (f *upload) survey() error {
	f.needs = recentLogin
	r := userfile.NewReader(bytes.NewReader(f.raw), f.format)
	for rows := 0; ; rows++ {
		row, err := r.Next()
		fault, faulty := errors.AsType[*userfile.Fault](err)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case faulty && fault.Whole:
			p := &problem.Problem{Status: http.StatusBadRequest, Code: "unreadable_file", Detail: fault.Error()}
			return p.With("reason", fault.Reason).With("line", fault.Line)
		case err != nil && !faulty:
			return err
		case rows == maxImportRows:
			return errTooManyRows
		case row.Password != "" || row.Hash != "":
			f.needs = recentLoginNoToken
		}
	}
}

// importStop is where an import stopped before its end.
type importStop struct {
	line    int // the row that was not made; those before have been
	problem *problem.Problem
}

// importRows makes the accounts of a file and tells what became of each row; nil is a file that was read to its end.
// Whatever stops it (the caller goes away, the store does, the time is over, or they are no administrator any more)
// leaves whole accounts, and the same file sent once more goes on there.
func (c *call) importRows(by Actor, f *upload, dry bool, tell func(Outcome) error) (ImportCounts, *importStop) {
	i := c.p.accounts.NewImporter(by, dry)
	r := userfile.NewReader(bytes.NewReader(f.raw), f.format)
	looked := c.p.now()
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			i.Finish(c.ctx(), "")
			return i.Counts, nil
		}
		var out Outcome
		if fault, faulty := errors.AsType[*userfile.Fault](err); faulty && !fault.Whole {
			out, err = i.Refuse(fault), nil
		} else if err == nil {
			if err = c.stillAdministrator(&looked); err == nil {
				out, err = i.Row(c.ctx(), &row)
			}
		}
		if err == nil {
			err = tell(out)
		}
		if err != nil {
			stop := c.stopped(err, max(row.Line, out.Line))
			i.Finish(c.ctx(), "stopped: "+stop.problem.Code)
			return i.Counts, stop
		}
	}
}

func (c *call) stopped(err error, line int) *importStop {
	if weFailed(err) {
		c.p.log.LogAttrs(context.WithoutCancel(c.ctx()), slog.LevelWarn, "an import stopped", slog.Int("line", line), slog.Any("error", err))
	}
	if errors.Is(c.ctx().Err(), context.DeadlineExceeded) {
		return &importStop{line, errImportTime}
	}
	return &importStop{line, problemOf(err)}
}

// stillAdministrator looks once a second whether whoever began something long may still do it: who lost the role, or was
// signed out, makes no more accounts and reads no more of them.
func (c *call) stillAdministrator(looked *time.Time) error {
	if c.p.now().Sub(*looked) < lookAgain {
		return nil
	}
	*looked = c.p.now()
	c.me = nil
	_, err := c.mustAdminister(anySession)
	return err
}
