package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"

	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
	"github.com/gatehouse-auth/gatehouse/caddymodule/ops"
)

// commandTimeout bounds one command. Listing the sessions of many accounts takes the longest.
const commandTimeout = 2 * time.Minute

// call has one operation done and reads its answer into out. With --json, and where show is set, the answer is
// printed as it came and show is not called.
func (c *commandLine) call(cmd *cobra.Command, method, path string, in, out any, show func()) error {
	var payload io.Reader = http.NoBody
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(b)
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), commandTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://127.0.0.1"+path, payload)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	send := c.remote
	if c.config != "" {
		send = c.direct
	}
	status, answer, err := send(r)
	if err != nil {
		return err
	}
	if status >= 400 {
		var problem struct {
			Error string `json:"error"`
		}
		if json.Unmarshal(answer, &problem) != nil || problem.Error == "" {
			problem.Error = fmt.Sprintf("the admin endpoint answered %d %s", status, http.StatusText(status))
		}
		return errors.New(problem.Error)
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
	}
	if c.json && show != nil {
		_, err := cmd.OutOrStdout().Write(answer)
		return err
	}
	if show != nil {
		show()
	}
	return nil
}

// remote asks the running server.
func (c *commandLine) remote(r *http.Request) (int, []byte, error) {
	address := c.address
	if address == "" {
		address = caddy.DefaultAdminListen
	}
	parsed, err := caddy.ParseNetworkAddress(address)
	if err != nil || parsed.PortRangeSize() > 1 {
		return 0, nil, fmt.Errorf("%q is no address of an admin endpoint: write for example localhost:2019 or "+
			"unix//run/caddy/admin.sock", address)
	}
	network, to := parsed.Network, parsed.JoinHostPort(0)
	if parsed.IsUnixNetwork() {
		to, _, _ = strings.Cut(parsed.Host, "|") // what follows are the socket's permissions
	} else {
		r.URL.Host = to
		r.Host = to
		r.Header.Set("Origin", "http://"+to)
	}
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, to)
		},
	}}
	defer client.CloseIdleConnections()
	answer, err := client.Do(r)
	if err != nil {
		return 0, nil, fmt.Errorf("there is no answer from the admin endpoint at %s: is the server running? Name its "+
			"endpoint with --address, or speak to the stores without a server with --config (%w)", address,
			errors.Unwrap(err))
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(io.LimitReader(answer.Body, 64<<20))
	if err != nil {
		return 0, nil, fmt.Errorf("reading the answer of the admin endpoint: %w", err)
	}
	if answer.StatusCode == http.StatusNotFound && !json.Valid(b) {
		return 0, nil, fmt.Errorf("the server at %s does not know Gatehouse: was it built with it?", address)
	}
	return answer.StatusCode, b, nil
}

// direct opens the stores of a configuration and does what the server would.
func (c *commandLine) direct(r *http.Request) (_ int, _ []byte, err error) {
	app, err := app.Load(c.config, c.adapter)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, app.Cleanup()) }()
	run, err := app.Open(r.Context())
	if err != nil {
		return 0, nil, err
	}
	w := httptest.NewRecorder()
	ops.NewOfflineHandler(app, run).ServeHTTP(w, r)
	return w.Code, w.Body.Bytes(), nil
}
