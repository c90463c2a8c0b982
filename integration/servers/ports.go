package servers

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
)

// Ports are drawn from below the range that kernels use for outgoing connections (32768 and up on Linux), so that nobody
// takes the port of a server that a test has stopped and will start again. A node of a cluster uses port+busOffset too.
const (
	firstPort = 11000
	portCount = 10000
	busOffset = 10000
)

// Ports are taken in turn, from another place in every process: what one has been given and does not listen on yet is not
// given to another.
var (
	portStart = rand.IntN(portCount)
	portTurn  atomic.Int64
)

// FreePort returns a loopback port on which nothing listens.
func FreePort(t testing.TB) int {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func freePort() (int, error) {
	for range 200 {
		port := firstPort + (portStart+int(portTurn.Add(1)))%portCount
		if canListen(port) && canListen(port+busOffset) {
			return port, nil
		}
	}
	return 0, errors.New("no free port found on the loopback address")
}

func canListen(port int) bool {
	l, err := net.Listen("tcp", loopback(port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
