package redis

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-auth/gatehouse/store"
)

// passing are answers of a server that cannot serve just now: it loads its data, lost its master, or is being replaced.
var passing = []string{"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "BUSY", "OOM",
	"MISCONF", "MOVED", "ASK", "UNBLOCKED", "ERR max number of clients"}

// refusals are answers that no waiting changes: the configuration is wrong.
var refusals = []string{"WRONGPASS", "NOAUTH", "NOPERM", "ERR invalid password", "ERR AUTH", "ERR Client sent AUTH",
	"ERR DB index", "ERR invalid DB index", "ERR This instance has cluster support disabled", "DENIED"}

// failed wraps what go-redis returned with what we were doing and the sentinel that it amounts to. Nothing of
// go-redis's errors holds a password: addresses, and words of the server.
func (s *Store) failed(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrTaken), errors.Is(err, store.ErrStale), errors.Is(err, errDamaged):
		return fmt.Errorf("%s: %w", doing, err)
	case s.closed.Load() || errors.Is(err, redis.ErrClosed) || errors.Is(err, store.ErrClosed):
		return fmt.Errorf("%s: %w", doing, store.ErrClosed)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", doing, context.Canceled)
	case unreachable(err) || ctx.Err() != nil:
		return fmt.Errorf("%s: %w: %w", doing, store.ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// unreachable reports whether err means that the server is not there, or not ready, as opposed to having said no.
func unreachable(err error) bool {
	var answer redis.Error
	if errors.As(err, &answer) {
		for _, prefix := range passing {
			if redis.HasErrorPrefix(err, strings.TrimPrefix(prefix, "ERR ")) {
				return true
			}
		}
		return false
	}
	return !refused(err)
}

// refused reports whether err says that the configuration is wrong: a password, a permission, a certificate.
func refused(err error) bool {
	for _, prefix := range refusals {
		if redis.HasErrorPrefix(err, strings.TrimPrefix(prefix, "ERR ")) {
			return true
		}
	}
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	return errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid) || errors.As(err, &verification)
}
