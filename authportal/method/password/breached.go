package password

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	// rangeURL is the address of the range API of Have I Been Pwned.
	rangeURL = "https://api.pwnedpasswords.com"

	rangePatience = time.Second
	rangeMaxBytes = 1 << 20   // a padded response has some 50 KiB
	wordsMaxBytes = 256 << 20 // a list of words is read through each time
)

// Settings that name no file.
const (
	breachedOff  = "off"
	breachedHIBP = "hibp"
)

// breaches reports whether a prepared password is known from a breach.
type breaches interface {
	breached(ctx context.Context, prepared []byte) (bool, error)
}

// isBreached looks a password up in the list. A list that does not respond lets everything through and is logged: the
// other rules have been applied by then, and an outage of another service must keep no user from changing a password.
func (m *Method) isBreached(ctx context.Context, typed string) (bool, error) {
	if m.breaches == nil {
		return false, nil
	}
	prepared, _ := prepare(typed)
	found, err := m.breaches.breached(ctx, prepared)
	if err == nil {
		return found, nil
	}
	if ctx.Err() != nil {
		return false, gaveUp(ctx)
	}
	m.env.Log.WarnContext(ctx, "new password was not looked up among breached ones; the other rules were applied",
		slog.Any("error", err))
	return false, nil
}

// openBreaches returns the list that a setting names; nil if it names none.
func openBreaches(setting string, client *http.Client, base string) breaches {
	switch setting {
	case "", breachedOff:
		return nil
	case breachedHIBP:
		// A redirect, perhaps to an internal server that trusts this machine, is not followed (CWE-918).
		own := *client
		own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		return &rangeAPI{client: &own, base: base}
	}
	return breachFile(setting)
}

// checkBreachFile reports whether the file of a setting can be read.
func checkBreachFile(setting string) error {
	if setting == "" || setting == breachedOff || setting == breachedHIBP {
		return nil
	}
	info, err := os.Stat(setting)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a file")
	}
	var f *os.File
	if err == nil {
		f, err = os.Open(setting)
	}
	if err != nil {
		return fmt.Errorf("breached %s: %w; write off, hibp, or the path of a list that can be read", setting, err)
	}
	defer f.Close()
	hashes, err := isHashList(f)
	if err == nil && !hashes && info.Size() > wordsMaxBytes {
		err = fmt.Errorf("a list of words may have %d MiB; a larger one must be a sorted list of SHA-1 hashes",
			wordsMaxBytes>>20)
	}
	if err != nil {
		return fmt.Errorf("breached %s: %w", setting, err)
	}
	return nil
}

func sha1Hex(prepared []byte) string {
	sum := sha1.Sum(prepared) // the hash of these lists; nothing depends on its strength
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// rangeAPI queries Have I Been Pwned. The service learns five of the forty digits of the hash, which hundreds of
// passwords share, and the padding keeps the length of the response from revealing which five.
type rangeAPI struct {
	client *http.Client
	base   string
}

func (a *rangeAPI) breached(ctx context.Context, prepared []byte) (bool, error) {
	sum := sha1Hex(prepared)
	ctx, cancel := context.WithTimeout(ctx, rangePatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+"/range/"+sum[:5], nil)
	if err != nil {
		return false, errors.New("asking for breached passwords: bad address")
	}
	r.Header.Set("Add-Padding", "true")
	r.Header.Set("User-Agent", "gatehouse")
	response, err := a.client.Do(r)
	if err != nil {
		// Without the address, which holds a part of the hash.
		if inner := errors.Unwrap(err); inner != nil {
			err = inner
		}
		return false, fmt.Errorf("asking for breached passwords: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return false, fmt.Errorf("asking for breached passwords: status %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, rangeMaxBytes+1))
	if err != nil || len(body) > rangeMaxBytes {
		return false, errors.Join(errors.New("reading the answer on breached passwords: cut off or too long"), err)
	}
	for line := range bytes.Lines(body) {
		suffix, count, found := strings.Cut(strings.TrimSpace(string(line)), ":")
		if found && strings.EqualFold(suffix, sum[5:]) {
			return count != "0", nil // padding has the count 0
		}
	}
	return false, nil
}

// breachFile is a list on disk: sorted SHA-1 hashes, one a line, perhaps with ":count", or plain words, one a line. It
// is opened for each look-up, so that it may be replaced at any time and costs no memory.
type breachFile string

func (b breachFile) breached(_ context.Context, prepared []byte) (bool, error) {
	f, err := os.Open(string(b))
	if err != nil {
		return false, fmt.Errorf("opening the list of breached passwords: %w", err)
	}
	defer f.Close()
	hashes, err := isHashList(f)
	if err != nil {
		return false, fmt.Errorf("reading the list of breached passwords: %w", err)
	}
	var found bool
	if hashes {
		found, err = searchHashes(f, sha1Hex(prepared))
	} else {
		found, err = searchWords(f, prepared)
	}
	if err != nil {
		return false, fmt.Errorf("searching the list of breached passwords: %w", err)
	}
	return found, nil
}

// isHashList reports whether a list holds hashes, by its first line.
func isHashList(f *os.File) (bool, error) {
	head := make([]byte, 64)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return false, err
	}
	line, _, _ := bytes.Cut(head[:n], []byte("\n"))
	sum, _, _ := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
	_, err = hex.DecodeString(string(sum))
	return err == nil && len(sum) == 2*sha1.Size, nil
}

// searchHashes is a binary search for the line that begins with sum.
func searchHashes(f *os.File, sum string) (bool, error) {
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	low, high := int64(0), info.Size() // the line looked for begins in [low, high)
	for low < high {
		middle := low + (high-low)/2
		start, line, err := lineAt(f, low, middle)
		if err != nil {
			return false, err
		}
		have, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), ":")
		switch strings.Compare(have, sum) {
		case 0:
			return true, nil
		case -1:
			low = start + int64(len(line))
		default:
			high = start
		}
	}
	return false, nil
}

// lineAt returns the line that holds the byte at. Every line before low has been ruled out, and one begins there.
func lineAt(f *os.File, low, at int64) (start int64, line string, err error) {
	const longest = 128 // a hash and its count
	start = max(low, at-longest)
	b := make([]byte, 2*longest)
	n, err := f.ReadAt(b, start)
	if err != nil && err != io.EOF {
		return 0, "", err
	}
	b = b[:n]
	if before := b[:min(at-start, int64(n))]; bytes.IndexByte(before, '\n') >= 0 {
		skip := bytes.LastIndexByte(before, '\n') + 1
		start, b = start+int64(skip), b[skip:]
	} else if start != low {
		return 0, "", errors.New("not a list of hashes: a line is too long")
	}
	if end := bytes.IndexByte(b, '\n'); end >= 0 {
		b = b[:end+1]
	} else if len(b) > longest {
		return 0, "", errors.New("not a list of hashes: a line is too long")
	}
	return start, string(b), nil
}

// searchWords reads a list through.
func searchWords(f *os.File, prepared []byte) (bool, error) {
	lines := bufio.NewReaderSize(io.LimitReader(f, wordsMaxBytes), 64<<10)
	for {
		line, err := lines.ReadSlice('\n')
		if bytes.EqualFold(bytes.TrimRight(line, "\r\n"), prepared) && len(prepared) > 0 {
			return true, nil
		}
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = lines.ReadSlice('\n') // longer than any password
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
	}
}
