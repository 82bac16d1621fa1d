package authletebackend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/authserver-dev/operator/internal/authlete"
)

const (
	// refreshEvery is how often a document is read. A new signing key at Authlete is unknown here for at most that long.
	refreshEvery = time.Minute
	// retryEvery is how often while that does not work.
	retryEvery = 2 * time.Second
	// staleFor is how long a document is served after it was read last.
	staleFor = 24 * time.Hour
)

// document is a document of the service that relying parties read. It is read ahead of requests for it, and served for as
// long as it can be trusted to be right.
type document struct {
	name  string
	read  func(context.Context) ([]byte, error)
	check func([]byte) ([]byte, error)
	clock func() time.Time
	log   *slog.Logger

	current atomic.Pointer[edition]
	// problem is what was logged last; only run changes it.
	problem string
}

// edition is a document at a time.
type edition struct {
	content []byte
	at      time.Time
}

func newDocument(name string, opts Options, read func(context.Context) ([]byte, error), check func([]byte) ([]byte, error)) *document {
	return &document{name: name, read: read, check: check, clock: opts.Clock, log: opts.Log}
}

// get returns the document as it was read last.
func (d *document) get() ([]byte, error) {
	last := d.current.Load()
	if last == nil || d.clock().Sub(last.at) > staleFor {
		return nil, &authlete.Error{Call: "service/" + d.name, Err: errors.New("the document could not be read from Authlete"), RetryAfter: retryEvery}
	}
	return last.content, nil
}

func (d *document) ready() error {
	if d.current.Load() == nil {
		return fmt.Errorf("the document %q was not yet read from Authlete", d.name)
	}
	return nil
}

// run reads the document again and again until the context ends.
func (d *document) run(ctx context.Context) {
	for {
		wait := refreshEvery
		if err := d.refresh(ctx); err != nil {
			wait = retryEvery
		}
		timer := time.NewTimer(wait + rand.N(wait/4)) //nolint:gosec // jitter, so that replicas do not ask all at once
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// refresh reads the document once. What cannot be right is not taken over.
func (d *document) refresh(ctx context.Context) error {
	content, err := d.read(ctx)
	if err == nil {
		content, err = d.check(content)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		d.current.Store(&edition{content, d.clock()})
	}
	d.note(ctx, err)
	return err
}

// note logs a problem when it is new, and its end.
func (d *document) note(ctx context.Context, err error) {
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	switch problem {
	case d.problem:
	case "":
		d.log.InfoContext(ctx, "The document can be read again", "document", d.name)
	default:
		d.log.WarnContext(ctx, "Serving the document as it was read last", "document", d.name, "known", d.current.Load() != nil, "error", problem)
	}
	d.problem = problem
}

// age is the metric of how old the document is.
func (d *document) age() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "authserver_backend_document_age_seconds", Help: "Time since the document was read from Authlete; -1 if it never was.",
		ConstLabels: prometheus.Labels{"document": d.name},
	}, func() float64 {
		last := d.current.Load()
		if last == nil {
			return -1
		}
		return d.clock().Sub(last.at).Seconds()
	})
}

// checkConfiguration accepts the discovery document of an issuer.
func checkConfiguration(issuer string) func([]byte) ([]byte, error) {
	return func(content []byte) ([]byte, error) {
		var document struct {
			Issuer string `json:"issuer"`
		}
		if json.Unmarshal(content, &document) != nil {
			return nil, errors.New("the discovery document of the service is not JSON")
		}
		if document.Issuer != issuer {
			return nil, fmt.Errorf("the service at Authlete has the issuer %.200q instead of %q: change it there, or let the operator enforce it",
				document.Issuer, issuer)
		}
		return content, nil
	}
}

// checkJWKS accepts a JWK Set. A service without keys has no document at all.
func checkJWKS(content []byte) ([]byte, error) {
	if len(content) == 0 {
		return []byte(`{"keys":[]}`), nil
	}
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(content, &document) != nil || document.Keys == nil {
		return nil, errors.New("the JWK Set of the service is none")
	}
	return content, nil
}
