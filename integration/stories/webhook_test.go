package stories

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

const hookKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"

// receiver is somebody's server that takes events while it is up, and checks their signatures as docs/audit.md says.
type receiver struct {
	*httptest.Server
	up atomic.Bool

	mu     sync.Mutex
	bodies map[string]string // by webhook-id
	faults []string
}

func startReceiver(t *testing.T) *receiver {
	r := &receiver{bodies: map[string]string{}}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if !r.up.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	body, err := io.ReadAll(req.Body)
	key, _ := base64.StdEncoding.DecodeString(hookKey)
	id := req.Header.Get("webhook-id")
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, req.Header.Get("webhook-timestamp"), body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); err != nil || req.Header.Get("webhook-signature") != want {
		r.faults = append(r.faults, fmt.Sprintf("%s is signed %q, want %q (%v)", id, req.Header.Get("webhook-signature"), want, err))
	}
	if before, twice := r.bodies[id]; twice && before != string(body) {
		r.faults = append(r.faults, fmt.Sprintf("%s said %s, then %s", id, before, body))
	}
	r.bodies[id] = string(body)
}

// missing returns which of the events were not told.
func (r *receiver) missing(events []map[string]any) (list []map[string]any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range events {
		var told struct {
			Type string
			Data map[string]any
		}
		if json.Unmarshal([]byte(r.bodies[e["id"].(string)]), &told) != nil || told.Type != e["kind"] || fmt.Sprint(told.Data) != fmt.Sprint(e) {
			list = append(list, e)
		}
	}
	return list
}

// hears waits until the receiver was told all that the trail holds: what a gateway had on its way when it was killed comes a
// minute later.
func (r *receiver) hears(t *testing.T, trail func() []map[string]any) {
	t.Helper()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(3 * time.Minute); ; <-tick.C {
		missing := r.missing(trail())
		if len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the receiver has not heard of %v", missing)
		}
	}
}

// everything is what the trail holds, as an administrator reads it.
func everything(t *testing.T, root *gateway.Person, api string) []map[string]any {
	t.Helper()
	var answer struct{ Events []map[string]any }
	got := root.Do(http.MethodGet, api+"/admin/audit?limit=1000", nil)
	if got.Status != http.StatusOK {
		t.Fatalf("reading the trail: %d %s", got.Status, got.Body)
	}
	got.JSON(t, &answer)
	return answer.Events
}

func hookBlock(r *receiver) string {
	return fmt.Sprintf("\n\t\taudit {\n\t\t\twebhook %s/canary-hook-path {\n\t\t\t\tsecret whsec_%s\n\t\t\t}\n\t\t}", r.URL, hookKey)
}

// The receiver is down while people sign up, one gateway is killed and the other reloads. When it is back, it hears of all.
func TestTheWebhookOfTwoGatewaysMissesNothing(t *testing.T) {
	t.Parallel()
	for name, global := range map[string]string{
		"SQLite":               shared("sqlite "+filepath.Join(t.TempDir(), "users.db"), "embedded"),
		"PostgreSQL and Redis": shared("postgres "+servers.FreshPostgres(t), "redis "+servers.FreshRedis(t)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of it is waiting for the next attempt
			hook := startReceiver(t)
			a, b, siteA, siteB := twoGateways(t, global+hookBlock(hook))
			a.MustCommand(gateway.Password+"\n", "users", "add", "root@example.com", "--role", "admin", "--password-stdin")
			root := gateway.NewPerson(t)
			root.SignIn(siteA, "root@example.com")
			for i := range 5 {
				gateway.NewPerson(t).SignUp(siteA, fmt.Sprintf("a%d@example.com", i))
				gateway.NewPerson(t).SignUp(siteB, fmt.Sprintf("b%d@example.com", i))
				gateway.NewPerson(t).TryPassword(siteB, "nobody@example.com", "wrong")
			}
			if got := root.Get(siteA + "/edit/"); got.Status != http.StatusForbidden {
				t.Fatalf("without the role: %d", got.Status)
			}
			api := siteB + "/.gatehouse/api/v1"
			gateway.Eventually(t, "both gateways have written what they know", func() bool {
				events := everything(t, root, api)
				return len(events) >= 28 && strings.Contains(fmt.Sprint(events), "access")
			})
			a.Kill()
			if err := b.Reload(); err != nil {
				t.Fatal(err)
			}
			if out, err := b.Command("", "doctor"); err != nil || !strings.Contains(out, "was not told") {
				t.Errorf("the doctor says %v:\n%s", err, out)
			}
			hook.up.Store(true)
			a.Run()
			hook.hears(t, func() []map[string]any { return everything(t, root, api) })
			for _, fault := range hook.faults {
				t.Error(fault)
			}
			if strings.Contains(a.Log()+b.Log(), "canary-hook-path") {
				t.Error("the path of the receiver, which may hold a token, is in a log")
			}
			if n := strings.Count(b.Log(), "the webhook fails"); n < 1 || n > 3 {
				t.Errorf("%d lines of the log say that the webhook fails", n)
			}
		})
	}
}
