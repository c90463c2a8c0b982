package admin

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

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// fileRoutes returns the pages and the API of import and export.
func (s *files) fileRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodPost, Path: "/api/v1/admin/users/import", Do: s.importAPI, Limit: importTime},
		{Method: http.MethodGet, Path: "/api/v1/admin/users/export", Do: s.exportUsersAPI, Limit: exportTime},
		{Method: http.MethodGet, Path: "/admin/import", Do: s.importPage},
		{Method: http.MethodPost, Path: "/admin/import", Do: s.importForm, Limit: importPageTime},
		{Method: http.MethodGet, Path: "/admin/export", Do: s.exportUsersPage, Limit: exportTime},
	}
}

const (
	// MaxImportFile bounds a file in bytes; the command line imports larger ones.
	MaxImportFile = 32 << 20

	// MaxImportRows bounds the rows of a file.
	MaxImportRows = 100_000

	importTime = 10 * time.Minute
	uploadTime = 2 * time.Minute

	// importPageTime is the limit of the page: browsers give up after five minutes, and would not show how far it came.
	importPageTime = 4 * time.Minute

	// LookAgain is the time between two checks that the caller is still an administrator.
	LookAgain = time.Second
)

var (
	errImporting = &problem.Problem{Status: http.StatusServiceUnavailable, Code: "import_running",
		Detail: "another file is being imported", RetryAfter: 15 * time.Second}
	errImportTime = &problem.Problem{Status: http.StatusServiceUnavailable, Code: "import_time",
		Detail: "the time for one import is over; send the file again, and it goes on"}
	errFileTooLarge = &problem.Problem{Status: http.StatusRequestEntityTooLarge, Code: "too_large",
		Detail: "the file is larger than 32 MiB: split it, or use the command line"}
	errTooManyRows = &problem.Problem{Status: http.StatusRequestEntityTooLarge, Code: "too_large",
		Detail: "the file has more than 100,000 rows: split it, or use the command line"}
	errUploadStopped = &problem.Problem{Status: http.StatusBadRequest, Code: problem.Malformed.Code,
		Detail: "the file did not arrive as a whole"}
)

// upload is a file of accounts that an administrator sent.
type upload struct {
	format userfile.Format
	raw    []byte
	sum    string             // SHA-256, to recognise the file
	needs  accounts.Assurance // to import it
}

// withUpload calls do with the file that read returns. The whole file is read and checked before the first account is
// created, so that a file with a broken last line is not imported by half. It may contain passwords, so it is held in
// memory and never on disk: one file at a time, of bounded size, for the duration of the call. Authorisation comes
// before the first byte is read.
func (s *files) withUpload(c *web.Call, read func() (*upload, error), do func(accounts.Actor, *upload) error) error {
	if _, err := s.entry.mustAdminister(c, accounts.RecentLogin); err != nil {
		return err
	}
	select {
	case s.importing <- struct{}{}:
	default:
		return errImporting
	}
	defer func() { <-s.importing }()
	// A slow upload must not block other imports (slowloris). A writer without deadlines is left to its server.
	connection := http.NewResponseController(c.Writer)
	_ = connection.SetReadDeadline(time.Now().Add(uploadTime))
	_ = connection.SetWriteDeadline(time.Now().Add(uploadTime + importTime))
	file, err := read()
	_ = connection.SetReadDeadline(time.Time{})
	if err == nil {
		err = file.Survey()
	}
	if err != nil {
		return err
	}
	by, err := s.entry.mustAdminister(c, file.needs)
	if err != nil {
		return err
	}
	return do(by, file)
}

// ReadUpload reads a file of that size; negative: unknown.
func ReadUpload(in io.Reader, format userfile.Format, size int64) (*upload, error) {
	var b bytes.Buffer
	if 0 < size && size <= MaxImportFile {
		b.Grow(int(size) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(io.LimitReader(in, MaxImportFile+1)); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, errFileTooLarge
		}
		return nil, errUploadStopped
	}
	if b.Len() > MaxImportFile {
		return nil, errFileTooLarge
	}
	sum := sha256.Sum256(b.Bytes())
	return &upload{format: format, raw: b.Bytes(), sum: hex.EncodeToString(sum[:])}, nil
}

// Survey checks the whole file. A password or hash would let the importer sign in as its account, so a file with any
// requires a recent login and refuses API tokens, as does creating one such account.
func (f *upload) Survey() error {
	f.needs = accounts.RecentLogin
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
		case rows == MaxImportRows:
			return errTooManyRows
		case row.Password != "" || row.Hash != "":
			f.needs = accounts.RecentLoginNoToken
		}
	}
}

// importStop is where and why an import stopped before its end.
type importStop struct {
	line    int // the first row that was not imported
	problem *problem.Problem
}

// importRows creates the accounts of a file and passes the outcome of each row to report; a nil stop means that it read
// the file to its end. If it stops early (the caller disconnects, the store fails, the time is over, the role is gone),
// no account is half done, and sending the file again continues there.
func (s *files) importRows(c *web.Call, by accounts.Actor, f *upload, dry bool,
	report func(accounts.Outcome) error) (accounts.ImportCounts, *importStop) {
	i := s.accounts.NewImporter(by, dry)
	r := userfile.NewReader(bytes.NewReader(f.raw), f.format)
	looked := s.now()
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			i.Finish(c.Ctx(), "")
			return i.Counts, nil
		}
		var out accounts.Outcome
		if fault, faulty := errors.AsType[*userfile.Fault](err); faulty && !fault.Whole {
			out, err = i.Refuse(fault), nil
		} else if err == nil {
			if err = s.recheckAdministrator(c, &looked); err == nil {
				out, err = i.Row(c.Ctx(), &row)
			}
		}
		if err == nil {
			err = report(out)
		}
		if err != nil {
			stop := s.stopped(c, err, max(row.Line, out.Line))
			i.Finish(c.Ctx(), "stopped: "+stop.problem.Code)
			return i.Counts, stop
		}
	}
}

func (s *files) stopped(c *web.Call, err error, line int) *importStop {
	if problem.IsFault(err) {
		s.log.LogAttrs(context.WithoutCancel(c.Ctx()), slog.LevelWarn, "import stopped", slog.Int("line", line),
			slog.Any("error", err))
	}
	if errors.Is(c.Ctx().Err(), context.DeadlineExceeded) {
		return &importStop{line, errImportTime}
	}
	return &importStop{line, problem.Of(err)}
}

// recheckAdministrator checks once a second that the caller of a long act is still authorised: without the role or the
// session, it creates and reads no more accounts.
func (s *files) recheckAdministrator(c *web.Call, looked *time.Time) error {
	if s.now().Sub(*looked) < LookAgain {
		return nil
	}
	*looked = s.now()
	c.Caller = nil
	_, err := s.entry.mustAdminister(c, accounts.AnySession)
	return err
}
